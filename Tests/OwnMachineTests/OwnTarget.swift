import Multifd
import Synchronization

/// Receives an ``OwnGuest``, and lets it run on.
final class OwnTarget: MigrationTarget {
    private let received = Mutex<(memory: GuestMemory?, guest: OwnGuest?)>((nil, nil))
    var guest: OwnGuest? { received.withLock { $0.guest } }

    func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        guard guest.configuration == "counting machine, model 1" else {
            throw OwnTargetError.otherMachine(guest.configuration)
        }
        let memory = try GuestMemory(blocks: guest.blocks.map { try RAMBlock(name: $0.name, byteCount: $0.size) })
        received.withLock { $0.memory = memory }
        return memory
    }

    func load(deviceState: [UInt8]) throws {
        let text = String(decoding: deviceState, as: UTF8.self)
        guard let steps = UInt64(text) else { throw OwnTargetError.notANumber(text) }
        received.withLock { received in
            received.guest = received.memory.map { OwnGuest(memory: $0, steps: steps) }
        }
    }

    func commit() {}
    func run() { guest?.resume() }
    func abort() { received.withLock { $0 = (nil, nil) } }
}
