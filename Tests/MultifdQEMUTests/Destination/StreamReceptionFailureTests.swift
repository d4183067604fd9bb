import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Streams and channels that end too early, or say what they must not.
@Suite struct StreamReceptionFailureTests {
    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var expected: String
        var channels: Int?
        var script: @Sendable (ScriptedSource) throws -> Void

        init(
            _ name: String, _ expected: String, channels: Int? = nil,
            _ script: @escaping @Sendable (ScriptedSource) throws -> Void
        ) {
            testDescription = name
            self.expected = expected
            self.channels = channels
            self.script = script
        }
    }

    /// - Parameter delay: in µs, before or after the destination has seen the end of RAM.
    private static func latePages(after delay: UInt32) -> Failure {
        Failure("pages after the last barrier, \(delay) µs later", "after the last barrier") { source in
            try source.begin()
            var stream = StreamBytes()
            stream.endRAM()
            if delay == 0 { try source.send(PacketBytes.pages("m", normal: [(0, 1)]), on: 0) }
            try source.send(stream)
            usleep(delay)
            if delay > 0 { try source.send(PacketBytes.pages("m", normal: [(0, 1)]), on: 0) }
            _ = try source.receive(8)
        }
    }

    /// Its header comes before the end of RAM, its pages would come after the commit.
    private static let withheldPages = Failure("pages withheld until the last barrier", "after the last barrier") {
        source in
        try source.begin()
        let packet = PacketBytes.pages("m", normal: [(0, 1)])
        try source.send(Array(packet[..<PacketHeader.byteCount]), on: 0)
        // The destination waits for more channels for 0.3 s before it lets this one go on.
        usleep(600_000)
        var stream = StreamBytes()
        stream.endRAM()
        stream.deviceState()
        try source.send(stream)
        _ = try source.receive(8)
        try? source.send(Array(packet[PacketHeader.byteCount...]), on: 0)
    }

    static let failures: [Failure] = [
        Failure("the source goes away within RAM", "the source was cancelled or died") { source in
            try source.begin()
            var stream = StreamBytes()
            stream.part()
            try source.send(stream)
        },
        Failure("the source goes away within the device state", "in the device state") { source in
            var stream = StreamBytes.guest()
            stream.endRAM()
            stream.deviceSection([1, 2, 3])
            try source.send(stream)
        },
        Failure("a channel goes away", "ended before its last barrier") { source in
            try source.begin()
            source.channels[0].shutdown()
            var stream = StreamBytes()
            stream.part()
            stream.barrier()
            try source.send(stream)
            _ = try source.receive(8)
        },
        Failure(
            "fewer channels are expected than come",
            "has at least 2 channels where 1 was expected: give --multifd-channels",
            channels: 1
        ) { source in
            try source.begin(channels: [0, 1])
            _ = try source.receive(8)
        },
        Failure("channels come where none is expected", "at least 1 channel where 0 were expected", channels: 0) {
            source in
            try source.addChannel(0)
            var stream = StreamBytes()
            stream.begin()
            stream.startRAM([("m", 4096)])
            try source.send(stream)
            _ = try source.receive(8)
        },
        Failure("a channel comes after the others have met", "has at least 2 channels where 1 was expected") { source in
            try source.begin()
            var stream = StreamBytes()
            stream.command(2, [0, 0, 0, 9])
            try source.send(stream)
            // Answered when the first barrier is passed, at which the destination has looked how many there are.
            _ = try source.receive(12)
            try source.addChannel(1)
            _ = try source.receive(8)
        },
        Failure("more channels are expected than come", "2 of the 3 channels", channels: 3) { source in
            try source.begin(channels: [0, 1])
            _ = try source.receive(8)
        },
        Failure("early sections without end", "at most 1048576 bytes in all") { source in
            var stream = StreamBytes()
            stream.begin()
            try source.send(stream)
            stream = StreamBytes()
            for id in 0..<3000 { stream.deviceSection([UInt8](repeating: 1, count: 500), id: 100 + UInt32(id)) }
            try source.send(stream)
            _ = try source.receive(8)
        },
        Failure("a RAMBlock whose name moves the cursor", "control characters") { source in
            var stream = StreamBytes()
            stream.begin()
            stream.startRAM([("\u{1b}[2J", 4096)])
            try source.send(stream)
        },
        Failure("a channel's number is left out", "without a gap") { source in
            try source.begin(channels: [0, 2])
            _ = try source.receive(8)
        },
        Failure("channels of two guests", "those of a channel that is due") { source in
            try source.addChannel(0, uuid: 1)
            try source.addChannel(1, uuid: 2)
            try source.begin(channels: [])
            _ = try source.receive(8)
        },
        Failure("barriers without channels", "no channel has come") { source in
            try source.begin(channels: [])
            _ = try source.receive(8)
        },
        latePages(after: 0), latePages(after: 500_000), withheldPages,
        Failure("a channel's page beyond its block", "below 8") { source in
            try source.begin()
            try source.send(PacketBytes.pages("m", normal: [(8, 1)]), on: 0)
            _ = try source.receive(8)
        },
        Failure("a channel's page of an unknown block", "'x'") { source in
            try source.begin()
            try source.send(PacketBytes.pages("x", normal: [(0, 1)]), on: 0)
            _ = try source.receive(8)
        },
        Failure("another codec half-way", "like the packets before") { source in
            try source.begin()
            try source.send(PacketBytes.pages("m", normal: [(0, 1)]), on: 0)
            var packet = PacketBytes.pages("m", normal: [(0, 1)])
            packet[11] = 4
            try source.send(packet, on: 0)
            _ = try source.receive(8)
        },
        Failure("the state of a VFIO device", "VFIO") { source in
            try source.begin()
            var packet = PacketBytes.sync()
            packet[11] = 64
            try source.send(packet, on: 0)
            _ = try source.receive(8)
        },
        Failure("a delta of a page that never came", "had not sent before") { source in
            var stream = StreamBytes.guest()
            stream.part()
            stream.delta("m", 0, [0x00, 0x01, 0x01])
            try source.send(stream)
        },
        Failure("a delta that is none", "corrupt") { source in
            var stream = StreamBytes.guest()
            stream.part()
            stream.zeroPage("m", 0)
            stream.delta("m", 0, [0x00, 0x05, 0x01])
            try source.send(stream)
        },
        Failure("a device state that is not the described one", "VM description") { source in
            var stream = StreamBytes.guest()
            stream.endRAM()
            stream.deviceSection([1, 2, 3])
            stream.deviceState()
            try source.send(stream)
        },
        Failure("a description that is none", "it is no list of devices in JSON") { source in
            var stream = StreamBytes.guest(returnPath: true)
            stream.endRAM()
            stream.deviceSection([1, 2, 3])
            stream.append([0, 6, 0, 0, 0, 2])
            stream.append(Array("[]".utf8))
            try source.send(stream)
            _ = try source.receive(8)
        },
        Failure(
            "a machine without a description while the return path is open",
            "'multifd receive --snapshot' with the capability return-path off"
        ) { source in
            var stream = StreamBytes.guest(returnPath: true)
            stream.endRAM()
            stream.deviceSection([1, 2, 3])
            stream.append(UInt8(0))
            try source.send(stream)
            _ = try source.receive(8)
        },
    ]

    @Test(arguments: failures) func `what goes wrong is told, and leaves nothing behind`(failure: Failure) async throws
    {
        let directory = try ScratchDirectory()
        let result = try await receive(into: directory, channels: failure.channels, failure.script)
        guard case .failure(let error) = result else {
            Issue.record("it was accepted")
            return
        }
        #expect("\(error)".contains(failure.expected), "\(error)")
        #expect(!directory.names.contains { $0.hasPrefix("snapshot") && !$0.hasSuffix(".in") })
    }
}
