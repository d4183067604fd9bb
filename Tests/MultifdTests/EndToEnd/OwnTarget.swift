import Multifd
import Synchronization

/// Receives an ``OwnGuest``, and lets it run on.
final class OwnTarget: MigrationTarget {
    private let received = Mutex<(memory: GuestMemory?, guest: OwnGuest?)>((nil, nil))
    var guest: OwnGuest? { received.withLock { $0.guest } }

    func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        let memory = try GuestMemory(blocks: guest.blocks.map { try RAMBlock(name: $0.name, byteCount: $0.size) })
        received.withLock { $0.memory = memory }
        return memory
    }

    func load(deviceState: [UInt8]) {
        received.withLock { received in
            guard let memory = received.memory, let steps = UInt64(String(decoding: deviceState, as: UTF8.self)) else {
                return
            }
            received.guest = OwnGuest(memory: memory, steps: steps)
        }
    }

    func commit() {}
    func run() { guest?.resume() }
    func abort() { received.withLock { $0 = (nil, nil) } }
}
