import CZstd
import Multifd
import Testing

/// The fast levels look back into the ring that payloads are put together in.
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
}
