import Multifd
import Testing

struct ControlHeaderTests {
    /// `iterationEnd 7`: type 3, four bytes of body; the checksum was computed with the reference library.
    static let golden = hex("0003 0000 00000004 b6db17f2d7c398aa")
    static let body = hex("00000007")

    @Test func `its bytes are those that were written by hand`() throws {
        #expect(ControlHeader(for: .iterationEnd(barrier: 7), body: Self.body).encoded == Self.golden)
        #expect(ControlHeader(for: .handover, body: []).encoded == hex("000a 0000 00000000 7b3108792f5f381b"))
        let header = try ControlHeader(decoding: Self.golden)
        #expect(header.kind == .iterationEnd)
        #expect(header.bodyByteCount == 4)
        try header.verify(Self.body)
    }

    @Test func `every other length is refused`() {
        for count in 0..<40 where count != ControlMessage.headerByteCount {
            let bytes = Array((Self.golden + zeros(40))[..<count])
            #expect(throws: WireError.self) { try ControlHeader(decoding: bytes) }
        }
    }

    @Test(arguments: golden.indices)
    func `each damaged byte is noticed`(offset: Int) {
        var bytes = Self.golden
        bytes[offset] ^= 0x10
        // In the frame itself, in the length or type, or at the latest by the checksum.
        #expect(throws: WireError.self) { try ControlHeader(decoding: bytes).verify(Self.body) }
    }

    @Test func `a damaged body is noticed`() throws {
        let header = try ControlHeader(decoding: Self.golden)
        #expect(throws: WireError.self) { try header.verify(hex("00000006")) }
    }

    @Test(arguments: [0, 16, 0x100, 0xffff] as [UInt16])
    func `an unknown type is refused and named`(type: UInt16) {
        let error = #expect(throws: WireError.self) {
            try ControlHeader(decoding: [UInt8(type >> 8), UInt8(type & 0xff)] + zeros(14))
        }
        #expect(error?.description == "a control message: its type is \(type) where 1 to 15 is expected")
    }

    @Test func `a reserved part that is used is refused and named`() {
        let bytes = Self.golden.replacing(at: 3, with: [1])
        let error = #expect(throws: WireError.self) { try ControlHeader(decoding: bytes) }
        #expect(error?.description == "the message 'iterationEnd': its reserved part is 1 where 0 is expected")
    }

    @Test(arguments: 1...15 as ClosedRange<UInt16>)
    func `what a peer can make us allocate is bounded`(type: UInt16) throws {
        let kind = try #require(ControlMessage.Kind(rawValue: type))
        let limit = kind == .deviceState ? 256 << 20 : 2 << 20
        func header(length: Int) throws(WireError) -> ControlHeader {
            try ControlHeader(decoding: hex("00") + [UInt8(type)] + hex("0000") + bigEndian(length) + zeros(8))
        }
        #expect(try header(length: limit).bodyByteCount == limit)
        #expect(throws: WireError.self) { try header(length: limit + 1) }
        #expect(throws: WireError.self) { try header(length: Int(UInt32.max)) }
    }

    private func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xff) } }
}
