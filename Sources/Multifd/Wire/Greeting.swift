/// The first eight bytes in each direction of a native main channel: which protocol, which versions of it.
///
/// ```
/// source to destination:  be32 "SMFD", be16 oldest version spoken, be16 newest version spoken
/// destination to source:  the same; both then speak the newest version that is in both ranges
/// ```
/// The first four bytes tell connections apart on one port: "SMFD" a native main channel, "QEVM" a main channel of
/// QEMU, 0x11223344 a multifd channel.
package struct Greeting: Equatable, Sendable {
    package static let byteCount = 8
    package static let magic: UInt32 = 0x534d_4644
    /// "QEVM".
    package static let qemuMagic: UInt32 = 0x5145_564d

    package var oldest: UInt16
    package var newest: UInt16

    /// What this program speaks.
    package static let ours = Greeting(oldest: 1, newest: 1)

    package init(oldest: UInt16, newest: UInt16) {
        self.oldest = oldest
        self.newest = newest
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = MessageReader("the greeting", bytes)
        let magic: UInt32 = try reader.integer()
        guard magic == Self.magic else { throw .magic(what: "the connection", expected: Self.magic, found: magic) }
        oldest = try reader.integer()
        newest = try reader.integer()
        try reader.finish()
        guard oldest > 0, oldest <= newest else {
            throw .field(
                what: "the greeting", field: "the range of versions", expected: "oldest to newest",
                found: "\(oldest) to \(newest)")
        }
    }

    package var encoded: [UInt8] {
        var writer = MessageWriter()
        writer.append(Self.magic)
        writer.append(oldest)
        writer.append(newest)
        return writer.bytes
    }

    /// The version that both ends will speak.
    package func commonVersion(with other: Greeting) throws(WireError) -> UInt16 {
        let common = min(newest, other.newest)
        guard common >= max(oldest, other.oldest) else {
            throw .noCommonVersion(ours: oldest...newest, theirs: other.oldest...other.newest)
        }
        return common
    }
}
