import Multifd
import Testing

struct ChannelHelloTests {
    /// Channel 2 of session 0123456789abcdef fedcba9876543210.
    static let golden = hex("11223344 00000001 0123456789abcdef fedcba9876543210 02") + zeros(39)
    static let hello = ChannelHello(
        sessionID: SessionID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210), channel: 2)

    @Test func `its bytes are those of QEMU's initial packet`() throws {
        #expect(Self.hello.encoded == Self.golden)
        #expect(try decode(Self.golden) == Self.hello)
    }

    @Test func `a packet captured from QEMU is understood`() throws {
        let captured = hex("11223344 00000001") + zeros(16) + hex("01") + zeros(39)
        #expect(try decode(captured) == ChannelHello(sessionID: SessionID(high: 0, low: 0), channel: 1))
    }

    @Test func `cut short anywhere it is refused`() {
        for count in 0..<ChannelHello.byteCount {
            #expect(
                throws: WireError.truncated(what: "the first packet of a channel", expected: 64, found: count)
            ) { try decode(Array(Self.golden[..<count])) }
        }
    }

    @Test func `another magic number and another version are named`() {
        #expect(throws: WireError.magic(what: "the first packet of a channel", expected: 0x1122_3344, found: 0)) {
            try decode(Self.golden.replacing(at: 0, with: zeros(4)))
        }
        #expect(throws: WireError.version(what: "the first packet of a channel", expected: 1, found: 2)) {
            try decode(Self.golden.replacing(at: 4, with: hex("00000002")))
        }
    }

    @Test(arguments: 25..<64)
    func `each reserved byte must be zero`(offset: Int) {
        #expect(throws: WireError.self) { try decode(Self.golden.replacing(at: offset, with: [1])) }
    }

    private func decode(_ bytes: [UInt8]) throws(WireError) -> ChannelHello {
        try bytes.withRawSpan { span throws(WireError) in try ChannelHello(decoding: span) }
    }
}
