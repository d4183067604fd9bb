import Multifd
import Testing

/// A source that speaks the protocol and lies: whatever it says has the right form and checksum.
final class FakeSource {
    let id = SessionID.random()
    let main: MainChannel
    private(set) var channels: [Connection] = []
    private let uri: MigrationURI
    private let patience = Patience(limit: .seconds(10))

    /// Connects and greets.
    init(to uri: MigrationURI) throws {
        self.uri = uri
        main = MainChannel(try Self.connect(uri, patience), patience: patience)
        try main.greetDestination()
    }

    private static func connect(_ uri: MigrationURI, _ patience: Patience) throws(TransportError) -> Connection {
        try .connect(to: MigrationPath(destination: uri), deadline: .seconds(10), patience: patience)
    }

    /// Proposes a session, and waits for the answer.
    func propose(
        blocks: [SessionSetup.Block], channels: Int = 1, compression: String = "none", features: SessionFeatures = [],
        guestConfiguration: String = ""
    ) throws {
        try main.send(
            .setup(
                SessionSetup(
                    sessionID: id, channelCount: UInt8(channels), compression: compression, level: 1,
                    features: features, blocks: blocks, guestConfiguration: guestConfiguration)))
        guard case .ready = try main.receive() else { throw WireError.truncated(what: "", expected: 0, found: 0) }
    }

    @discardableResult
    func openChannel(_ number: UInt8, id: SessionID? = nil) throws -> Connection {
        let channel = try Self.connect(uri, patience)
        try channel.send(ChannelHello(sessionID: id ?? self.id, channel: number).encoded, patience: patience)
        channels.append(channel)
        return channel
    }

    /// Sends a packet with the checksum that it should have.
    func send(_ header: PacketHeader, payload: [UInt8] = [], on channel: Int = 0) throws {
        try channels[channel].send(Self.packet(header, payload: payload), patience: patience)
    }

    func send(_ bytes: [UInt8], on channel: Int = 0) throws { try channels[channel].send(bytes, patience: patience) }

    static func packet(_ header: PacketHeader, payload: [UInt8]) -> [UInt8] {
        var header = header
        header.extensions.insert(.checksum)
        header.checksum = 0
        let seed = payload.withRawSpan { Checksum.of($0) }
        header.checksum = encode(header).withRawSpan { Checksum.of($0, seed: seed) }
        return encode(header) + payload
    }

    private static func encode(_ header: PacketHeader) -> [UInt8] {
        var bytes = zeros(PacketHeader.byteCount)
        // Safe: the bytes are the array's own, for the time of the call.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
            header.encode(into: &output)
            _ = unsafe output.finalize(for: buffer)
        }
        return bytes
    }

    /// A packet of whole pages.
    static func pages(_ pages: [UInt32], number: UInt64 = 0, block: String = "ram") -> (PacketHeader, [UInt8]) {
        var header = PacketHeader()
        header.number = number
        header.block = BlockName(block)
        header.normalPageCount = pages.count
        header.payloadByteCount = pages.count * Page.byteCount
        for (index, page) in pages.enumerated() { header.pages[index] = page }
        return (header, [UInt8](repeating: 0xAB, count: header.payloadByteCount))
    }

    /// Ends an iteration on channels that have sent nothing but the ends of those before.
    func passBarrier(_ barrier: UInt32, channels: Int) throws {
        for channel in 0..<channels {
            var sync = PacketHeader()
            sync.isSync = true
            sync.number = UInt64(barrier - 1)
            try send(sync, on: channel)
        }
        try main.send(.iterationEnd(barrier: barrier))
        #expect(try main.receive() == .barrierReached(barrier: barrier))
    }

    func end() {
        for channel in channels { channel.shutdown() }
        main.connection.shutdown()
    }
}
