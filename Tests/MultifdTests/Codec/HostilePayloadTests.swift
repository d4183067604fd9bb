import CZlib
import CZstd
import Multifd
import Testing

@Suite("Payloads of a hostile peer")
struct HostilePayloadTests {
    static let compressions: [MultifdCompression] = [.zlib, .zstd]

    static func decoder(_ compression: MultifdCompression) throws -> any PayloadDecoder {
        try #require(try compression.makeDecoder())
    }

    static func encoded(_ payload: [UInt8], _ compression: MultifdCompression, level: Int = 1) throws -> [UInt8] {
        try encode(payload, with: try #require(try compression.makeEncoder(level: level)))
    }

    @Test("A payload cut anywhere is refused before its last byte of output", arguments: compressions)
    func truncated(compression: MultifdCompression) throws {
        let payload = SampleContent.text.bytes(count: 4 * Page.byteCount)
        let whole = try Self.encoded(payload, compression)
        // Cut inside the flush's own empty block, a deflate payload still holds every byte: 5 bytes and some bits.
        for length in 0..<(whole.count - 6) {
            let buffer = CanaryBuffer(count: payload.count)
            #expect(throws: CodecError.self, "cut to \(length) bytes") {
                try decode(Array(whole[..<length]), into: buffer, with: try Self.decoder(compression))
            }
            #expect(buffer.isIntactOutside)
        }
    }

    @Test("A flipped bit changes at most the output that was asked for", arguments: compressions)
    func flippedBits(compression: MultifdCompression) throws {
        var generator = SeededGenerator(seed: 11)
        for content in [SampleContent.text, .pointers, .halfRandom] {
            let payload = content.bytes(count: 6 * Page.byteCount)
            let whole = try Self.encoded(payload, compression)
            for _ in 0..<1000 {
                var damaged = whole
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^=
                        1 << UInt8.random(in: 0...7, using: &generator)
                }
                let buffer = CanaryBuffer(count: payload.count)
                // Neither format has a checksum inside: a wrong byte may pass, a wrong length may not.
                try? decode(damaged, into: buffer, with: try Self.decoder(compression), runByteCount: 8192)
                #expect(buffer.isIntactOutside)
            }
        }
    }

    @Test("Random bytes after a right beginning do no harm", arguments: compressions)
    func randomBytes(compression: MultifdCompression) throws {
        let beginning: [UInt8] = compression == .zlib ? [0x78, 0x01] : [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x48]
        for seed in 0..<2000 {
            let buffer = CanaryBuffer(count: Page.byteCount)
            let noise = SampleContent.random.bytes(count: 300, seed: UInt64(seed))
            try? decode(beginning + noise, into: buffer, with: try Self.decoder(compression))
            #expect(buffer.isIntactOutside)
        }
    }

    @Test("A bomb gives what was asked for and is refused", arguments: compressions)
    func bomb(compression: MultifdCompression) throws {
        // 1 MiB of zeros in a packet that announces one page.
        let bomb = try Self.encoded([UInt8](repeating: 0, count: 1 << 20), compression)
        #expect(bomb.count < 8192)
        let buffer = CanaryBuffer(count: Page.byteCount)
        #expect(throws: CodecError.self) { try decode(bomb, into: buffer, with: try Self.decoder(compression)) }
        #expect(buffer.isIntactOutside)
    }

    @Test("One byte more than announced is refused", arguments: compressions)
    func surplus(compression: MultifdCompression) throws {
        for byteCount in [Page.byteCount + 1, 128 * Page.byteCount + 1] {
            let payload = SampleContent.random.bytes(count: byteCount)
            let encoded = try Self.encoded(payload, compression)
            #expect(throws: CodecError.self) {
                _ = try decode(encoded, byteCount: byteCount - 1, with: try Self.decoder(compression))
            }
        }
    }

    @Test("Two payloads in one packet are refused", arguments: compressions)
    func twoPayloads(compression: MultifdCompression) throws {
        let encoder = try #require(try compression.makeEncoder(level: 1))
        let payload = SampleContent.text.bytes(count: Page.byteCount)
        let both = try encode(payload, with: encoder) + encode(payload, with: encoder)
        #expect(throws: CodecError.self) {
            _ = try decode(both, byteCount: Page.byteCount, with: try Self.decoder(compression))
        }
    }

    /// A whole zlib stream with its end.
    private func endedZlibStream(of payload: [UInt8]) throws -> [UInt8] {
        var stream = unsafe z_stream()
        unsafe deflateInit_(&stream, 6, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { unsafe deflateEnd(&stream) }
        var input = payload
        var output = [UInt8](repeating: 0, count: 2 * payload.count + 64)
        let written = unsafe input.withUnsafeMutableBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                #expect(unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return unsafe output.count - Int(stream.avail_out)
            }
        }
        return Array(output[..<written])
    }

    @Test("An end of the stream is refused, at the end of a payload too")
    func endOfStream() throws {
        var payload = SampleContent.text.bytes(count: Page.byteCount)
        let zlib = try endedZlibStream(of: payload)
        #expect(throws: CodecError.endOfStream(codec: "zlib")) {
            _ = try decode(zlib, byteCount: payload.count, with: ISALDecoder())
        }

        var zstd = [UInt8](repeating: 0, count: 2 * Page.byteCount)
        let written = unsafe ZSTD_compress(&zstd, zstd.count, &payload, payload.count, 1)
        zstd.removeLast(zstd.count - written)
        #expect(throws: CodecError.endOfStream(codec: "zstd")) {
            _ = try decode(zstd, byteCount: payload.count, with: try ZstdDecoder())
        }
    }

    @Test("A window that would take 64 MiB is refused")
    func hugeWindow() throws {
        // Window descriptor: exponent 16 above 2^10. Then one raw block of 16 bytes.
        let frame: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0x00, 16 << 3, 16 << 3, 0x00, 0x00] + [UInt8](repeating: 7, count: 16)
        #expect(throws: CodecError.self) { _ = try decode(frame, byteCount: 16, with: try ZstdDecoder()) }
        // The same frame with a window of 2^25 is as good as any: the test would pass vacuously without this.
        var allowed = frame
        allowed[5] = 15 << 3
        #expect(try decode(allowed, byteCount: 16, with: try ZstdDecoder()) == [UInt8](repeating: 7, count: 16))
    }

    @Test(
        "A first payload of another format is refused as such",
        arguments: [
            [], [0x78], [0x28, 0xB5, 0x2F], [0x1F, 0x8B, 8, 0, 0], [0x78, 0x02, 0, 0, 0], [0x88, 0x1C, 0, 0, 0],
            // A dictionary is asked for; a skippable frame; a frame of zstd 0.7.
            [0x78, 0x20 | 0x1D, 0, 0, 0, 0], [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0], [0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0],
        ] as [[UInt8]])
    func otherFormats(payload: [UInt8]) throws {
        #expect(throws: CodecError.invalidHeader(codec: "zlib")) {
            _ = try decode(payload, byteCount: Page.byteCount, with: ISALDecoder())
        }
        #expect(throws: CodecError.invalidHeader(codec: "zstd")) {
            _ = try decode(payload, byteCount: Page.byteCount, with: try ZstdDecoder())
        }
    }

    @Test("An empty payload within a stream is refused when pages were announced", arguments: compressions)
    func emptyPayload(compression: MultifdCompression) throws {
        let decoder = try Self.decoder(compression)
        let payload = SampleContent.text.bytes(count: Page.byteCount)
        _ = try decode(try Self.encoded(payload, compression), byteCount: payload.count, with: decoder)
        #expect(throws: CodecError.self) { _ = try decode([], byteCount: Page.byteCount, with: decoder) }
    }
}
