import Multifd
import MultifdQEMU
import Synchronization

/// A destination that takes whatever comes and answers PINGs, each as late as a test wants; after the third it says that
/// the guest is loaded.
final class ScriptedQEMU: Sendable {
    let uri: MigrationURI
    private let state = Mutex(State())
    private let patience = Patience(limit: .seconds(30))

    struct State {
        var channelByteCount = 0
        /// What had come on channels when a PING was answered.
        var channelByteCounts: [UInt32: Int] = [:]
        var barrierCount = 0
        var threads: [WorkerThread] = []
    }

    /// - Parameter confirms: whether it says at last that the guest is loaded.
    init(
        in directory: ScratchDirectory, channels: Int, delays: [UInt32: Duration] = [:], confirms: Bool = true
    ) throws {
        let listener = try Listener(on: .unix(path: "\(directory.path)/qemu.in"))
        uri = listener.uri
        let thread = WorkerThread(name: "qemu") { [self] in
            guard let main = try? listener.accept(within: .seconds(10)) else { return }
            for _ in 0..<channels {
                guard let channel = try? listener.accept(within: .seconds(10)) else { return }
                drain(channel)
            }
            answer(main, delays, confirms)
        }
        state.withLock { $0.threads.append(thread) }
    }

    /// Bytes that had come on all channels when a PING was answered.
    func channelByteCount(atPing number: UInt32) -> Int? { state.withLock { $0.channelByteCounts[number] } }

    /// How often the main stream said before its last PING that channels meet.
    var barrierCount: Int { state.withLock { $0.barrierCount } }

    private func drain(_ channel: Connection) {
        let thread = WorkerThread(name: "qemu-channel") { [self] in
            while let bytes = try? channel.receiveAvailable(upTo: 1 << 16, within: .seconds(20), patience: patience) {
                state.withLock { $0.channelByteCount += bytes.count }
            }
        }
        state.withLock { $0.threads.append(thread) }
    }

    private static let endWithBarrier: [UInt8] = [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x10]

    private static func count(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int {
        var (rest, count) = (bytes, 0)
        while let range = rest.firstRange(of: pattern) {
            rest = rest[range.upperBound...]
            count += 1
        }
        return count
    }

    private func answer(_ main: Connection, _ delays: [UInt32: Duration], _ confirms: Bool) {
        var bytes: [UInt8] = []
        var next: UInt32 = 1
        while let more = try? main.receiveAvailable(upTo: 1 << 16, within: .seconds(20), patience: patience) {
            bytes += more
            var ping = StreamBytes()
            ping.append([8, 0, 2, 0, 4])
            ping.append(next)
            guard let range = bytes.firstRange(of: ping.bytes) else { continue }
            let barriers = Self.count(of: Self.endWithBarrier, in: bytes[..<range.lowerBound])
            state.withLock { $0.barrierCount += barriers }
            bytes.removeSubrange(..<range.upperBound)
            Patience.sleep(for: delays[next] ?? .zero)
            state.withLock { $0.channelByteCounts[next] = $0.channelByteCount }
            var pong = StreamBytes()
            pong.append([0, 2, 0, 4])
            pong.append(next)
            if next == 3, confirms { pong.append([0, 1, 0, 4, 0, 0, 0, 0]) }
            try? main.send(pong.bytes, patience: patience)
            next += 1
        }
    }
}
