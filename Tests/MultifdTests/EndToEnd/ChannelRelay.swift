import Multifd

/// Stands between the ends of one channel: hands its packets on, changes them, or breaks the connection.
final class ChannelRelay: Sendable {
    /// What is to become of a packet.
    enum Order {
        /// As it came.
        case handOn
        /// As it is now, with the checksum of what came.
        case handOnDamaged
        /// As it is now, with the right checksum.
        case handOnForged
        case breakConnection
    }

    struct Packet {
        var header: PacketHeader
        var payload: [UInt8]
    }

    /// Where to send the channel to.
    let uri: MigrationURI
    private let listener: Listener
    private let patience = Patience(limit: .seconds(60))

    /// - Parameter handle: called with each packet, in order.
    init(
        to destination: MigrationURI, _ handle: @escaping @Sendable (inout Packet) -> Order
    ) throws {
        listener = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        uri = listener.uri
        thread.withLock { $0 = WorkerThread(name: "relay") { [self] in try? run(to: destination, handle) } }
    }

    private let thread = Condition<WorkerThread?>(nil)

    /// Ends it. The channel's ends are gone, or go now.
    func end() {
        patience.stop()
        listener.shutdown()
        thread.withLock { $0.take() }?.join()
    }

    private func run(to destination: MigrationURI, _ handle: (inout Packet) -> Order) throws {
        guard let source = try listener.accept(within: .seconds(60)) else { return }
        let sink = try Connection.connect(
            to: MigrationPath(destination: destination), deadline: .seconds(60), patience: patience)
        defer {
            source.shutdown()
            sink.shutdown()
        }
        guard let hello = try source.receive(ChannelHello.byteCount, patience: patience) else { return }
        try sink.send(hello, patience: patience)
        while let bytes = try source.receive(PacketHeader.byteCount, patience: patience) {
            var packet = Packet(header: try PacketHeader(decoding: unsafe bytes.span.bytes), payload: [])
            if packet.header.hasPayload {
                packet.payload = try source.receive(packet.header.payloadByteCount, patience: patience) ?? []
            }
            let original = bytes + packet.payload
            switch handle(&packet) {
            case .handOn: try sink.send(original, patience: patience)
            case .handOnDamaged: try sink.send(packet.bytes, patience: patience)
            case .handOnForged:
                packet.seal()
                try sink.send(packet.bytes, patience: patience)
            case .breakConnection: return
            }
        }
    }
}

extension ChannelRelay.Packet {
    /// Gives it the checksum of what it says now.
    mutating func seal() {
        header.payloadByteCount = payload.count
        header.checksum = 0
        let seed = Checksum.of(unsafe payload.span.bytes, seed: 0)
        header.checksum = Checksum.of(unsafe headerBytes.span.bytes, seed: seed)
    }

    var bytes: [UInt8] { headerBytes + payload }

    private var headerBytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: PacketHeader.byteCount)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
            header.encode(into: &output)
            _ = unsafe output.finalize(for: buffer)
        }
        return bytes
    }
}
