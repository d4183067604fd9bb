/// What a multifd channel says first, once, source to destination (QEMU: the multifd initial packet).
///
/// ```
///  0  be32 0x11223344     8  16 bytes: session id (QEMU: UUID of the guest, or zeros)
///  4  be32 1 (version)   24  u8 channel id, 0..<N     25  39 zero bytes
/// ```
package struct ChannelHello: Equatable, Sendable {
    package static let byteCount = 64
    package static let magic: UInt32 = 0x1122_3344
    package static let version: UInt32 = 1

    package var sessionID: SessionID
    package var channel: UInt8

    package init(sessionID: SessionID, channel: UInt8) {
        self.sessionID = sessionID
        self.channel = channel
    }

    package init(decoding bytes: RawSpan) throws(WireError) {
        let what = "the first packet of a channel"
        guard bytes.byteCount >= Self.byteCount else {
            throw .truncated(what: what, expected: Self.byteCount, found: bytes.byteCount)
        }
        let magic = bytes.bigEndian(UInt32.self, at: 0)
        guard magic == Self.magic else { throw .magic(what: what, expected: Self.magic, found: magic) }
        let version = bytes.bigEndian(UInt32.self, at: 4)
        guard version == Self.version else { throw .version(what: what, expected: Self.version, found: version) }
        guard bytes.isZero(in: 25..<64) else {
            throw .field(what: what, field: "the reserved part", expected: "zero", found: "something else")
        }
        sessionID = SessionID(high: bytes.bigEndian(UInt64.self, at: 8), low: bytes.bigEndian(UInt64.self, at: 16))
        channel = bytes.bigEndian(UInt8.self, at: 24)
    }
}

extension ChannelHello {
    /// The 64 bytes as an array.
    package var encoded: [UInt8] {
        var writer = MessageWriter()
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(sessionID.high)
        writer.append(sessionID.low)
        writer.append(channel)
        writer.append([UInt8](repeating: 0, count: 39))
        return writer.bytes
    }
}
