import CZlib
import CZstd
import Multifd
import Testing

/// Streams as the libraries themselves write and read them, the way a QEMU peer does: page by page, flushed at the end
/// of a packet.
@Suite("Streams of other programs")
struct ForeignStreamTests {
    /// Three packets of different content.
    static let payloads: [[UInt8]] = [
        SampleContent.text.bytes(count: 128 * Page.byteCount),
        SampleContent.random.bytes(count: 5 * Page.byteCount),
        SampleContent.text.bytes(count: 77 * Page.byteCount, seed: 1)
            + SampleContent.zeros.bytes(count: Page.byteCount),
    ]

    @Test("A stream that zlib writes page by page is decoded, at every level", arguments: 0...9)
    func zlibStreams(level: Int32) throws {
        var stream = unsafe z_stream()
        unsafe deflateInit_(&stream, level, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { unsafe deflateEnd(&stream) }
        let decoder = ISALDecoder()
        for var payload in Self.payloads {
            var encoded = [UInt8](repeating: 0, count: payload.count + 65536)
            let written = unsafe encoded.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                unsafe payload.withUnsafeMutableBufferPointer { input in
                    for page in stride(from: 0, to: input.count, by: Page.byteCount) {
                        unsafe stream.next_in = input.baseAddress.map { unsafe $0 + page }
                        unsafe stream.avail_in = UInt32(Page.byteCount)
                        let isLast = page + Page.byteCount == input.count
                        unsafe deflate(&stream, isLast ? Z_SYNC_FLUSH : Z_NO_FLUSH)
                    }
                }
                return unsafe output.count - Int(stream.avail_out)
            }
            let decoded = try decode(Array(encoded[..<written]), byteCount: payload.count, with: decoder)
            #expect(decoded == payload)
        }
    }

    @Test("A zlib stream with a smaller window is decoded", arguments: [Int32(9), 10, 14])
    func smallWindow(windowBits: Int32) throws {
        var stream = unsafe z_stream()
        unsafe deflateInit2_(
            &stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { unsafe deflateEnd(&stream) }
        var payload = Self.payloads[0]
        var encoded = [UInt8](repeating: 0, count: payload.count)
        unsafe payload.withUnsafeMutableBufferPointer { input in
            unsafe encoded.withUnsafeMutableBufferPointer { output in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(output.count)
                unsafe deflate(&stream, Z_SYNC_FLUSH)
            }
        }
        encoded.removeLast(Int(unsafe stream.avail_out))
        #expect(try decode(encoded, byteCount: payload.count, with: ISALDecoder()) == payload)
    }

    @Test("zlib inflates what we encode, at every level, and so each payload ends in a sync flush", arguments: 0...9)
    func inflatedByZlib(level: Int) throws {
        let encoder = try #require(try MultifdCompression.zlib.makeEncoder(level: level))
        var stream = unsafe z_stream()
        unsafe inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        defer { unsafe inflateEnd(&stream) }
        for payload in Self.payloads {
            var encoded = try encode(payload, with: encoder)
            #expect(encoded.suffix(4) == [0x00, 0x00, 0xFF, 0xFF])
            var decoded = [UInt8](repeating: 0, count: payload.count)
            unsafe encoded.withUnsafeMutableBufferPointer { input in
                unsafe stream.next_in = input.baseAddress
                unsafe stream.avail_in = UInt32(input.count)
                unsafe decoded.withUnsafeMutableBufferPointer { output in
                    // One page at a call, as QEMU does.
                    for page in stride(from: 0, to: output.count, by: Page.byteCount) {
                        unsafe stream.next_out = output.baseAddress.map { unsafe $0 + page }
                        unsafe stream.avail_out = UInt32(Page.byteCount)
                        let isLast = page + Page.byteCount == output.count
                        #expect(unsafe inflate(&stream, isLast ? Z_SYNC_FLUSH : Z_NO_FLUSH) == Z_OK)
                        #expect(unsafe stream.avail_out == 0)
                    }
                }
            }
            // A QEMU destination refuses a payload of which anything is left.
            #expect(unsafe stream.avail_in == 0)
            #expect(decoded == payload)
        }
    }

    @Test("A frame that zstd writes page by page is decoded", arguments: [Int32(0), 1, 3, 15, 20])
    func zstdFrames(level: Int32) throws {
        let context = unsafe try #require(unsafe ZSTD_createCCtx())
        defer { unsafe ZSTD_freeCCtx(context) }
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        let decoder = try ZstdDecoder()
        for payload in Self.payloads {
            var encoded = [UInt8](repeating: 0, count: payload.count + 65536)
            let written = unsafe encoded.withUnsafeMutableBytes { output in
                var to = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                unsafe payload.withUnsafeBytes { input in
                    for page in stride(from: 0, to: input.count, by: Page.byteCount) {
                        var from = unsafe ZSTD_inBuffer(
                            src: input.baseAddress.map { unsafe $0 + page }, size: Page.byteCount, pos: 0)
                        let isLast = page + Page.byteCount == input.count
                        unsafe ZSTD_compressStream2(context, &to, &from, isLast ? ZSTD_e_flush : ZSTD_e_continue)
                    }
                }
                return unsafe to.pos
            }
            let decoded = try decode(Array(encoded[..<written]), byteCount: payload.count, with: decoder)
            #expect(decoded == payload)
        }
    }

    @Test("zstd decodes what we encode, page by page", arguments: [-7, -1, 0, 1, 3, 20])
    func decodedByZstd(level: Int) throws {
        let encoder = try ZstdEncoder(level: level)
        let context = unsafe try #require(unsafe ZSTD_createDCtx())
        defer { unsafe ZSTD_freeDCtx(context) }
        for payload in Self.payloads {
            let encoded = try encode(payload, with: encoder)
            var decoded = [UInt8](repeating: 0, count: payload.count)
            unsafe encoded.withUnsafeBytes { input in
                var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                unsafe decoded.withUnsafeMutableBytes { output in
                    for page in stride(from: 0, to: output.count, by: Page.byteCount) {
                        var to = unsafe ZSTD_outBuffer(
                            dst: output.baseAddress.map { unsafe $0 + page }, size: Page.byteCount, pos: 0)
                        while unsafe to.pos < to.size {
                            let before = unsafe to.pos
                            let result = unsafe ZSTD_decompressStream(context, &to, &from)
                            guard ZSTD_isError(result) == 0, unsafe to.pos > before else { break }
                        }
                        #expect(unsafe to.pos == Page.byteCount)
                    }
                }
                #expect(unsafe from.pos == from.size)
            }
            #expect(decoded == payload)
        }
    }
}
