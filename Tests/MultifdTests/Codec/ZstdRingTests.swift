import CZstd
import Multifd
import Testing

/// The fast levels look back into the ring that payloads are put together in, and decoding into the ring they come to lie in.
@Suite struct ZstdRingTests {
    /// Pins that what is scribbled behind a payload (zero pages are copied there before they are found to be zero) never
    /// reaches the window, and that beginning the ring anew loses nothing. Vacuous if payloads never repeated content.
    @Test(arguments: [-7, -1, 1, 2])
    func `payloads of all sizes come back, lap after lap`(level: Int) throws {
        let encoder = try ZstdEncoder(level: level)
        let decoder = try ZstdDecoder()
        var generator = SeededGenerator(seed: UInt64(level + 8))
        let capacity = 128 * Page.byteCount
        let text = (0..<4).flatMap { SampleContent.text.bytes(count: capacity, seed: $0) }
        var encodedByteCount = 0
        var byteCount = 0
        for round in 0..<200 {
            // Mostly small, sometimes whole, sometimes with a delta's odd end.
            var count = Page.byteCount * Int.random(in: 1...(round % 5 == 0 ? 128 : 20), using: &generator)
            if round % 7 == 0 { count -= Int.random(in: 1..<4096, using: &generator) }
            let from = Int.random(in: 0...(text.count - count), using: &generator)
            let payload = Array(text[from..<from + count])

            guard let staging = unsafe encoder.staging else { throw CancellationError() }
            unsafe staging.initializeMemory(as: UInt8.self, repeating: UInt8(round), count: capacity)
            unsafe payload.withUnsafeBytes { bytes in
                if let base = bytes.baseAddress { unsafe staging.copyMemory(from: base, byteCount: count) }
            }
            let room = encoder.maximumEncodedByteCount(for: count)
            let encoded = try unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, initializedCount in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                var output = unsafe OutputRawSpan(buffer: bytes, initializedCount: 0)
                try unsafe encoder.encode(RawSpan(_unsafeStart: staging, byteCount: count), into: &output)
                initializedCount = unsafe output.finalize(for: bytes)
            }
            #expect(try decode(encoded, byteCount: count, with: decoder) == payload)
            encodedByteCount += encoded.count
            byteCount += count
        }
        #expect(encodedByteCount < byteCount / 2)
    }

    /// Pins that the ring still holds the window's farthest bytes when it begins anew, wherever a lap ends. Vacuous if
    /// nothing was found so far back: then these random bytes would not become fewer.
    @Test(arguments: [10, 17, 19, 20] as [Int32])
    func `a frame that looks back over its whole window is decoded, lap after lap`(windowLog: Int32) throws {
        let context = unsafe try #require(unsafe ZSTD_createCCtx())
        defer { unsafe ZSTD_freeCCtx(context) }
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 9)  // finds all
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
        let decoder = try ZstdDecoder()
        var generator = SeededGenerator(seed: UInt64(windowLog))
        let capacity = 128 * Page.byteCount
        // Comes again just before it leaves the window.
        let period = SampleContent.random.bytes(count: 1 << Int(windowLog) - 64)
        let text = Array(repeatElement(period, count: 2 + capacity / period.count).joined())
        var encodedByteCount = 0
        var byteCount = 0
        while byteCount < 4 << Int(windowLog) + 40 * capacity {
            let count = Int.random(in: 1...8, using: &generator) * capacity / 8
            let from = byteCount % period.count
            let payload = Array(text[from..<from + count])
            let encoded = unsafe flushed(payload, by: context)
            #expect(try decode(encoded, byteCount: count, with: decoder) == payload)
            encodedByteCount += encoded.count
            byteCount += count
        }
        #expect(encodedByteCount < byteCount / 2)
    }

    private func flushed(_ payload: [UInt8], by context: OpaquePointer) -> [UInt8] {
        let room = ZSTD_compressBound(payload.count) + 64
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            unsafe payload.withUnsafeBytes { input in
                var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                var to = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: room, pos: 0)
                #expect(unsafe ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush) == 0)
                unsafe count = to.pos
            }
        }
    }
}
