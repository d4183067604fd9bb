import Multifd
import MultifdQEMU

/// A source that says what a test tells it to, over real sockets.
final class ScriptedSource {
    let main: Connection
    private(set) var channels: [Connection] = []
    private let uri: MigrationURI
    private let patience = Patience(limit: .seconds(20))

    init(to uri: MigrationURI) throws {
        self.uri = uri
        main = try Connection.connect(
            to: MigrationPath(destination: uri), deadline: .seconds(5), patience: patience)
    }

    func addChannel(_ number: UInt8, uuid: UInt64 = 0) throws {
        let channel = try Connection.connect(
            to: MigrationPath(destination: uri), deadline: .seconds(5), patience: patience)
        try channel.send(
            ChannelHello(sessionID: SessionID(high: 0, low: uuid), channel: number).encoded, patience: patience)
        channels.append(channel)
    }

    func send(_ stream: StreamBytes) throws { try main.send(stream.bytes, patience: patience) }

    func send(_ bytes: [UInt8], on channel: Int) throws { try channels[channel].send(bytes, patience: patience) }

    /// What the destination says, until so many bytes have come or it closes.
    func receive(_ byteCount: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < byteCount {
            do {
                bytes +=
                    try main.receiveAvailable(upTo: byteCount - bytes.count, within: .seconds(10), patience: patience)
                    ?? []
            } catch {
                return bytes
            }
        }
        return bytes
    }

    func close() {
        main.shutdown()
        for channel in channels { channel.shutdown() }
    }

    /// Begins a guest with one block "m" of 8 pages, whose channels meet by round.
    func begin(channels: [UInt8] = [0]) throws {
        for channel in channels { try addChannel(channel) }
        try send(StreamBytes.guest(pages: 8, returnPath: true, barrier: true))
        for index in channels.indices { try send(PacketBytes.sync(), on: index) }
    }
}

/// Packets as a QEMU writes them.
enum PacketBytes {
    static func sync() -> [UInt8] { encode { $0.isSync = true } }

    /// Pages without compression.
    static func pages(
        _ block: String, normal: [(Int, UInt8)], zero: [Int] = [], sync: Bool = false
    ) -> [UInt8] {
        let payload = normal.flatMap { [UInt8](repeating: $0.1, count: 4096) }
        return encode { header in
            header.isSync = sync
            header.block = BlockName(block)
            header.normalPageCount = normal.count
            header.zeroPageCount = zero.count
            header.payloadByteCount = payload.count
            for (index, page) in (normal.map(\.0) + zero).enumerated() { header.pages[index] = UInt32(page) }
        } + payload
    }

    /// What QEMU 7.2 sends behind a SYNC that had pages: nothing, but with leftovers in all fields.
    static func stale(_ block: String) -> [UInt8] {
        var bytes = encode { header in
            header.block = BlockName(block)
            header.pages[0] = 3
        }
        bytes.replaceSubrange(20..<24, with: [0, 1, 0x6c, 0x84])
        return bytes
    }

    static func encode(_ fill: (inout PacketHeader) -> Void) -> [UInt8] {
        var header = PacketHeader()
        fill(&header)
        return unsafe [UInt8](unsafeUninitializedCapacity: PacketHeader.byteCount) { buffer, count in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            header.encode(into: &output)
            count = unsafe output.finalize(for: UnsafeMutableRawBufferPointer(buffer))
        }
    }
}
