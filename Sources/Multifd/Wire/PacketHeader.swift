/// What stands before a batch on a channel: which pages it carries, and how they are encoded. 1344 bytes, always.
///
/// The format is QEMU's multifd packet, which uses the bytes up to 36; native sessions use the reserved ones after it.
///
/// ```
///    0  be32 0x11223344          20  be32 payload bytes that follow
///    4  be32 1 (version)         24  be64 packet number
///    8  be32 flags               32  be32 zero pages
///   12  be32 capacity, 128       36  be32 extensions, 0 toward QEMU
///   16  be32 normal pages        40  be32 delta pages       44  be32 bytes of deltas, before the codec
///                                48  8 zero bytes           56  be64 checksum
///   64  256 bytes: RAMBlock name, NUL padded
///  320  128 × be64: offsets of the normal pages in the block, then of the zero pages, then of the delta pages
/// 1344  payload, if there are normal or delta pages
/// ```
/// A batch's pages are distinct and belong to one RAMBlock. A page that never came is zeros, which may be the base of
/// its first delta.
package struct PacketHeader: Sendable {
    package static let byteCount = 1344
    package static let magic: UInt32 = 0x1122_3344
    package static let version: UInt32 = 1
    /// QEMU 10 marks packets with the state of VFIO devices so.
    private static let deviceStateFlag: UInt32 = 64
    /// The most payload bytes that are accepted: an incompressible batch of 512 KiB and the codec's overhead fit twice.
    package static let maximumPayloadByteCount = 1 << 20

    /// End of an iteration on this channel: everything before it is applied before anything after it.
    package var isSync = false
    package var codec = PacketCodec.none
    package var extensions: PacketExtensions = []
    package var normalPageCount = 0
    package var zeroPageCount = 0
    package var deltaPageCount = 0
    package var payloadByteCount = 0
    package var deltaByteCount = 0
    package var number: UInt64 = 0
    package var checksum: UInt64 = 0
    package var block = BlockName.none
    /// Page numbers in the block: normal pages first, then zero pages, then delta pages.
    package var pages = BatchPages(repeating: 0)

    package var pageCount: Int { normalPageCount + zeroPageCount + deltaPageCount }
    package var hasPayload: Bool { normalPageCount + deltaPageCount > 0 }
    /// Bytes that the payload decodes to.
    var decodedByteCount: Int { normalPageCount << Page.shift + deltaByteCount }

    package init() {}

    /// Where the checksum stands.
    static let checksumRange = 56..<64
}

extension PacketHeader {
    package func encode(into output: inout OutputRawSpan) {
        output.append(bigEndian: Self.magic)
        output.append(bigEndian: Self.version)
        output.append(bigEndian: codec.rawValue << 1 | (isSync ? 1 : 0))
        output.append(bigEndian: UInt32(isSync ? 0 : Page.countPerBatch))
        output.append(bigEndian: UInt32(normalPageCount))
        output.append(bigEndian: UInt32(payloadByteCount))
        output.append(bigEndian: number)
        output.append(bigEndian: UInt32(zeroPageCount))
        output.append(bigEndian: extensions.rawValue)
        output.append(bigEndian: UInt32(deltaPageCount))
        output.append(bigEndian: UInt32(deltaByteCount))
        output.appendZeros(8)
        output.append(bigEndian: checksum)
        block.encode(into: &output)
        for index in 0..<Page.countPerBatch { output.append(bigEndian: UInt64(pages[index]) << UInt64(Page.shift)) }
    }

    /// Decodes and checks all that can be checked without knowing the RAMBlocks. Accepts the packets of QEMU 7.2 and
    /// later, whose leftovers in unused fields are ignored.
    package init(decoding bytes: RawSpan) throws(WireError) {
        try checkFormat(of: bytes)
        try decodeFlags(bytes)
        try checkCapacity(in: bytes)
        try decodePageCounts(bytes)
        try decodeSizes(bytes)
        number = bytes.bigEndian(UInt64.self, at: 24)
        checksum = bytes.bigEndian(UInt64.self, at: Self.checksumRange.lowerBound)
        // QEMU 7.2 leaves a stale name and offsets.
        if pageCount > 0 { try decodePages(bytes) }
    }

    /// What is decoded, for errors.
    private var what: String { "a packet" }

    private func checkFormat(of bytes: RawSpan) throws(WireError) {
        guard bytes.byteCount >= Self.byteCount else {
            throw .truncated(what: what, expected: Self.byteCount, found: bytes.byteCount)
        }
        let magic = bytes.bigEndian(UInt32.self, at: 0)
        guard magic == Self.magic else { throw .magic(what: what, expected: Self.magic, found: magic) }
        let version = bytes.bigEndian(UInt32.self, at: 4)
        guard version == Self.version else { throw .version(what: what, expected: Self.version, found: version) }
    }

    private mutating func decodeFlags(_ bytes: RawSpan) throws(WireError) {
        let flags = bytes.bigEndian(UInt32.self, at: 8)
        isSync = flags & 1 != 0
        // Such a packet is of another form; what stands in this one's place is device data.
        guard flags & Self.deviceStateFlag == 0 else { throw .vfioState }
        guard flags <= 0x3f, let codec = PacketCodec(rawValue: flags >> 1) else {
            throw .field(what: what, field: "flags", expected: "SYNC and none, zlib or zstd", found: "\(flags)")
        }
        self.codec = codec
        extensions = PacketExtensions(rawValue: bytes.bigEndian(UInt32.self, at: 36))
        guard extensions.isSubset(of: .all) else {
            throw .field(what: what, field: "extensions", expected: "known bits only", found: "\(extensions.rawValue)")
        }
    }

    private func checkCapacity(in bytes: RawSpan) throws(WireError) {
        // QEMU writes 0 into a SYNC packet. Anything else is an end with pages of another size.
        let capacity = bytes.bigEndian(UInt32.self, at: 12)
        guard capacity == 0 || capacity == Page.countPerBatch else {
            throw .field(what: what, field: "its capacity", expected: "\(Page.countPerBatch)", found: "\(capacity)")
        }
        guard bytes.isZero(in: 48..<56) else {
            throw .field(what: what, field: "the reserved part", expected: "zero", found: "something else")
        }
    }

    private mutating func decodePageCounts(_ bytes: RawSpan) throws(WireError) {
        func count(at offset: Int, _ field: String) throws(WireError) -> Int {
            let value = bytes.bigEndian(UInt32.self, at: offset)
            guard value <= Page.countPerBatch else {
                throw .field(what: what, field: field, expected: "at most \(Page.countPerBatch)", found: "\(value)")
            }
            return Int(value)
        }
        normalPageCount = try count(at: 16, "the number of normal pages")
        zeroPageCount = try count(at: 32, "the number of zero pages")
        deltaPageCount = try count(at: 40, "the number of delta pages")
        guard pageCount <= Page.countPerBatch else {
            throw .field(
                what: what, field: "the number of pages", expected: "at most \(Page.countPerBatch)",
                found: "\(pageCount)")
        }
    }

    private mutating func decodeSizes(_ bytes: RawSpan) throws(WireError) {
        // QEMU 7.2 leaves a stale size in a packet without normal pages (and no payload follows).
        payloadByteCount = hasPayload ? Int(bytes.bigEndian(UInt32.self, at: 20)) : 0
        guard !hasPayload || (1...Self.maximumPayloadByteCount).contains(payloadByteCount) else {
            throw .field(
                what: what, field: "the payload's size", expected: "1 to \(Self.maximumPayloadByteCount)",
                found: "\(payloadByteCount)")
        }
        deltaByteCount = Int(bytes.bigEndian(UInt32.self, at: 44))
        // A delta has its length before it and is smaller than the page it stands for.
        guard (deltaPageCount * 2...deltaPageCount * Page.byteCount).contains(deltaByteCount) else {
            throw .field(
                what: what, field: "the deltas' size", expected: "2 to \(Page.byteCount) for each of \(deltaPageCount)",
                found: "\(deltaByteCount)")
        }
        guard codec != .none || payloadByteCount == decodedByteCount else {
            throw .field(
                what: what, field: "the payload's size", expected: "\(decodedByteCount)", found: "\(payloadByteCount)")
        }
    }

    private mutating func decodePages(_ bytes: RawSpan) throws(WireError) {
        guard let block = BlockName(decoding: bytes, at: 64) else {
            throw .field(what: what, field: "the RAMBlock's name", expected: "at most 255 bytes", found: "256")
        }
        self.block = block
        for index in 0..<pageCount {
            let offset = bytes.bigEndian(UInt64.self, at: 320 + index * 8)
            guard offset % UInt64(Page.byteCount) == 0, offset >> UInt64(Page.shift) <= UInt64(UInt32.max) else {
                throw .field(
                    what: what, field: "offset \(index)", expected: "a multiple of the page size below 16 TiB",
                    found: "\(offset)")
            }
            pages[index] = UInt32(offset >> UInt64(Page.shift))
        }
    }
}
