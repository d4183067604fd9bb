import Multifd
import Testing

@Suite("Payloads through the codecs")
struct PayloadRoundTripTests {
    static let modes: [(MultifdCompression, Int)] =
        MultifdCompression.zlib.levels.map { (.zlib, $0) }
        + [-7, -5, -3, -1, 0, 1, 2, 3, 6, 9].map { (.zstd, $0) }

    @Test("Any content comes back, packet after packet of one stream, and fits the announced bound", arguments: modes)
    func roundTrip(compression: MultifdCompression, level: Int) throws {
        let encoder = try #require(try compression.makeEncoder(level: level))
        let decoder = try #require(try compression.makeDecoder())
        var generator = SeededGenerator(seed: 5)
        // Twice over all content, so that the second pass finds its matches in the window.
        for content in SampleContent.allCases + SampleContent.allCases {
            for pageCount in [1, 128, Int.random(in: 2...127, using: &generator)] {
                let payload = content.bytes(count: pageCount * Page.byteCount, seed: 3)
                let encoded = try encode(payload, with: encoder)
                #expect(encoded.count <= 527_360)
                // The runs of a packet vary from a page to all.
                let run = [Page.byteCount, 3 * Page.byteCount, .max].randomElement(using: &generator) ?? .max
                #expect(
                    try decode(encoded, byteCount: payload.count, with: decoder, runByteCount: run) == payload,
                    "\(content), \(pageCount) pages")
            }
        }
    }

    @Test("Tiny and odd payloads come back", arguments: modes)
    func oddSizes(compression: MultifdCompression, level: Int) throws {
        let encoder = try #require(try compression.makeEncoder(level: level))
        let decoder = try #require(try compression.makeDecoder())
        for byteCount in [1, 2, 3, 7, 255, 4095, 4097, 65_535, 65_537, 131_072, 1 << 20] {
            let payload = SampleContent.runsJustTooShort.bytes(count: byteCount, seed: UInt64(byteCount))
            let encoded = try encode(payload, with: encoder)
            #expect(try decode(encoded, byteCount: byteCount, with: decoder, runByteCount: 1000) == payload)
        }
    }

    @Test("A stream goes on for hundreds of packets")
    func manyPackets() throws {
        for compression in [MultifdCompression.zlib, .zstd] {
            let encoder = try #require(try compression.makeEncoder(level: 1))
            let decoder = try #require(try compression.makeDecoder())
            for packet in 0..<400 {
                let content = SampleContent.allCases[packet % SampleContent.allCases.count]
                let payload = content.bytes(count: Page.byteCount, seed: UInt64(packet))
                let encoded = try encode(payload, with: encoder)
                #expect(try decode(encoded, byteCount: payload.count, with: decoder) == payload)
            }
        }
    }

    @Test("After a restart of both ends a new stream begins, at another level")
    func restart() throws {
        let encoder = try ZstdEncoder(level: 1)
        let decoder = try ZstdDecoder()
        let payload = SampleContent.text.bytes(count: 20 * Page.byteCount)
        for level in [-5, 3, -1, 19, 1] {
            let encoded = try encode(payload, with: encoder)
            #expect(encoded.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
            #expect(try decode(encoded, byteCount: payload.count, with: decoder) == payload)
            try encoder.restart(level: level)
            decoder.restart()
        }
    }

    @Test("A decoder that missed the restart refuses the new frame")
    func missedRestart() throws {
        let encoder = try ZstdEncoder(level: 1)
        let decoder = try ZstdDecoder()
        let payload = SampleContent.text.bytes(count: 20 * Page.byteCount)
        _ = try decode(try encode(payload, with: encoder), byteCount: payload.count, with: decoder)
        try encoder.restart(level: 1)
        let encoded = try encode(payload, with: encoder)
        #expect(throws: CodecError.self) { try decode(encoded, byteCount: payload.count, with: decoder) }
    }

    @Test("No compression has no codec")
    func none() throws {
        #expect(try MultifdCompression.none.makeEncoder(level: 0) == nil)
        #expect(try MultifdCompression.none.makeDecoder() == nil)
    }
}
