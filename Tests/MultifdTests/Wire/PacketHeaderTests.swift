import Multifd
import Testing

struct PacketHeaderTests {
    /// Builds a header by hand: the fields up to the checksum in hexadecimal, a name, then offsets.
    static func packet(_ fields: String, name: String = "", offsets: [UInt64] = []) -> [UInt8] {
        let start = hex(fields)
        var bytes = start + zeros(64 - start.count) + Array(name.utf8) + zeros(256 - name.utf8.count)
        for offset in offsets { bytes += (0..<8).map { UInt8(truncatingIfNeeded: offset >> (56 - 8 * UInt64($0))) } }
        return bytes + zeros(PacketHeader.byteCount - bytes.count)
    }

    /// SYNC of barrier packet 7.
    static let sync = packet("11223344 00000001 00000001 00000000 00000000 00000000 0000000000000007")
    /// Pages 1 and 2 as they are, page 5 zero, with a checksum.
    static let raw = packet(
        """
        11223344 00000001 00000000 00000080 00000002 00002000 0000000000000102 00000001
        00000001 00000000 00000000 0000000000000000 1122334455667788
        """, name: "pc.ram", offsets: [0x1000, 0x2000, 0x5000])
    /// 128 zero pages, marked as of a zstd channel.
    static let zeroPages = packet(
        "11223344 00000001 00000004 00000080 00000000 00000000 0000000000000001 00000080", name: "m",
        offsets: (0..<128).map { $0 << 12 })
    /// Page 3 whole, page 4 zero, page 0xffffffff as a delta of 17 bytes; zlib, whose stream starts anew.
    static let delta = packet(
        """
        11223344 00000001 00000002 00000080 00000001 00000461 00000000000000ff 00000001
        00000003 00000001 00000011 0000000000000000 8877665544332211
        """, name: "ram0", offsets: [0x3000, 0x4000, 0xffff_ffff_000])

    static func header(_ change: (inout PacketHeader) -> Void) -> PacketHeader {
        var header = PacketHeader()
        change(&header)
        return header
    }

    static let shapes: [(name: String, bytes: [UInt8], header: PacketHeader)] = [
        (
            "sync", sync,
            header {
                $0.isSync = true
                $0.number = 7
            }
        ),
        (
            "raw", raw,
            header {
                $0.extensions = .checksum
                ($0.normalPageCount, $0.zeroPageCount, $0.payloadByteCount) = (2, 1, 8192)
                ($0.number, $0.checksum) = (0x102, 0x1122_3344_5566_7788)
                $0.block = BlockName("pc.ram")
                ($0.pages[0], $0.pages[1], $0.pages[2]) = (1, 2, 5)
            }
        ),
        (
            "zero pages", zeroPages,
            header {
                $0.codec = .zstd
                ($0.zeroPageCount, $0.number) = (128, 1)
                $0.block = BlockName("m")
                for page in 0..<128 { $0.pages[page] = UInt32(page) }
            }
        ),
        (
            "delta", delta,
            header {
                $0.codec = .zlib
                $0.extensions = [.checksum, .restart]
                ($0.normalPageCount, $0.zeroPageCount, $0.deltaPageCount) = (1, 1, 1)
                ($0.payloadByteCount, $0.deltaByteCount) = (0x461, 17)
                ($0.number, $0.checksum) = (0xff, 0x8877_6655_4433_2211)
                $0.block = BlockName("ram0")
                ($0.pages[0], $0.pages[1], $0.pages[2]) = (3, 4, 0xffff_ffff)
            }
        ),
    ]

    @Test(arguments: shapes.indices)
    func `each shape has the bytes that were written by hand`(shape: Int) throws {
        let (name, bytes, header) = Self.shapes[shape]
        #expect(encode(header) == bytes, "\(name)")
        #expect(encode(try decode(bytes)) == bytes, "\(name)")
    }

    @Test(arguments: shapes.indices)
    func `cut short anywhere it is refused`(shape: Int) {
        let bytes = Self.shapes[shape].bytes
        for count in 0..<PacketHeader.byteCount {
            #expect(throws: WireError.truncated(what: "a packet", expected: 1344, found: count)) {
                try decode(Array(bytes[..<count]))
            }
        }
    }

    /// The golden packet with pages, one field spoilt at a time.
    @Test(arguments: [
        (0, "11223345", "magic"), (4, "00000002", "version"),
        (8, "00000040", "flags: device state"), (8, "00000008", "flags: QPL"), (8, "80000000", "flags"),
        (12, "00000008", "capacity: pages of 64 KiB"), (12, "00000081", "capacity"),
        (16, "00000081", "normal pages"), (16, "ffffffff", "normal pages"), (16, "00000001", "payload of another size"),
        (20, "00000000", "no payload"), (20, "00001fff", "payload"), (20, "ffffffff", "payload"),
        (32, "0000007f", "normal and zero pages, 129 together"), (32, "80000000", "zero pages"),
        (36, "00000004", "an unknown extension"), (36, "80000000", "an unknown extension"),
        (40, "00000001", "a delta without bytes"), (40, "ffffffff", "deltas"),
        (44, "00000001", "bytes of deltas without deltas"),
        (48, "01", "reserved"), (55, "01", "reserved"),
        (319, "61", "a name that does not end"),
        (320, "0000000000000800", "half a page"), (328, "0000100000000000", "an offset of 16 TiB"),
        (336, "ffffffffffffffff", "an offset"),
    ])
    func `a hostile field is refused`(offset: Int, bytes: String, what: String) {
        let spoilt = Self.raw.replacing(at: offset, with: hex(bytes))
        #expect(throws: WireError.self, "\(what)") { try decode(spoilt) }
    }

    @Test func `the state of a VFIO device is refused with the way out`() {
        let packet = Self.raw.replacing(at: 8, with: hex("00000040"))
        let error = #expect(throws: WireError.vfioState) { try decode(packet) }
        #expect(
            error?.description == "a packet holds the state of a VFIO device, which cannot be received: "
                + "remove the device from the guest before it is migrated")
    }

    @Test(arguments: [
        (1, 0, 1, "less than its length"), (1, 4097, 1, "more than a page"), (2, 3, 2, "less than two lengths"),
    ])
    func `deltas of an impossible size are refused`(pages: UInt8, bytes: UInt16, normal: UInt8, what: String) {
        let spoilt = Self.delta.replacing(at: 43, with: [pages])
            .replacing(at: 46, with: [UInt8(bytes >> 8), UInt8(bytes & 0xff)])
        #expect(throws: WireError.self, "\(what)") { try decode(spoilt) }
    }

    @Test func `a compressed payload may have any size up to the limit`() throws {
        let limit = PacketHeader.maximumPayloadByteCount
        for size in [1, 8192, limit] {
            let header = try decode(
                Self.raw.replacing(at: 8, with: hex("00000004")).replacing(at: 20, with: bigEndian(UInt32(size))))
            #expect(header.payloadByteCount == size)
        }
        for size in [0, limit + 1] {
            #expect(throws: WireError.self) {
                try decode(
                    Self.raw.replacing(at: 8, with: hex("00000004")).replacing(at: 20, with: bigEndian(UInt32(size))))
            }
        }
    }

    /// Nothing but what a decoder accepts may be believed: a header that passes is encoded to the bytes it came from,
    /// but for fields that QEMU leaves unclean.
    @Test func `no mutation traps, and counts that pass are within their bounds`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            var bytes = Self.shapes[Int.random(in: 0..<Self.shapes.count, using: &generator)].bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<72, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let header = try? decode(bytes) else { continue }
            #expect(header.pageCount <= Page.countPerBatch)
            #expect(header.payloadByteCount <= PacketHeader.maximumPayloadByteCount)
            #expect(header.hasPayload || header.payloadByteCount == 0)
            #expect(header.deltaByteCount <= header.deltaPageCount * Page.byteCount)
        }
    }

    // MARK: QEMU

    @Test func `QEMU's SYNC packet is understood`() throws {
        let captured = hex("11223344 00000001 00000001 00000000 00000000 00000000 0000000000000005") + zeros(1312)
        let header = try decode(captured)
        #expect(header.isSync)
        #expect(header.number == 5)
        #expect(header.pageCount == 0)
        #expect(!header.hasPayload)
    }

    @Test func `QEMU 10's zstd packet is understood`() throws {
        let captured = Self.packet(
            "11223344 00000001 00000004 00000080 00000003 00000461 0000000000000001 0000007d", name: "m",
            offsets: (0..<128).map { $0 << 12 })
        let header = try decode(captured)
        #expect(header.codec == .zstd)
        #expect((header.normalPageCount, header.zeroPageCount, header.payloadByteCount) == (3, 0x7d, 0x461))
        #expect(header.block.description == "m")
    }

    @Test func `QEMU 7's packet with pages and SYNC in one is understood`() throws {
        let captured = Self.packet(
            "11223344 00000001 00000005 00000080 0000002f 00016c84 0000000000000002", name: "pc.ram",
            offsets: (0..<128).map { $0 << 12 })
        let header = try decode(captured)
        #expect(header.isSync)
        #expect(header.codec == .zstd)
        #expect((header.normalPageCount, header.payloadByteCount) == (47, 93316))
    }

    @Test func `what QEMU 7 leaves behind in an empty packet is ignored`() throws {
        let captured = Self.packet(
            "11223344 00000001 00000000 00000080 00000000 00016c84 0000000000000002", name: "pc.ram",
            offsets: [0x123, .max])
        let header = try decode(captured)
        #expect(!header.isSync)
        #expect(header.pageCount == 0)
        #expect(!header.hasPayload)
        #expect(header.payloadByteCount == 0)
    }

    private func decode(_ bytes: [UInt8]) throws(WireError) -> PacketHeader {
        try bytes.withRawSpan { span throws(WireError) in try PacketHeader(decoding: span) }
    }

    private func encode(_ header: PacketHeader) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: PacketHeader.byteCount)
        // Safe: the bytes are the array's own, for the time of the call.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var output = unsafe OutputRawSpan(buffer: buffer, initializedCount: 0)
            header.encode(into: &output)
            #expect(unsafe output.finalize(for: buffer) == PacketHeader.byteCount)
        }
        return bytes
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }
}
