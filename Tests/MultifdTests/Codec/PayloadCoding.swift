import Multifd

/// Encodes one payload into a buffer of exactly the announced bound.
func encode(_ payload: [UInt8], with encoder: any PayloadEncoder) throws -> [UInt8] {
    unsafe try Array(unsafeUninitializedCapacity: encoder.maximumEncodedByteCount(for: payload.count)) {
        buffer, count in
        var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
        unsafe try encoder.encode(payload.span.bytes, into: &output)
        unsafe count = output.finalize(for: UnsafeMutableRawBufferPointer(buffer))
    }
}

/// Decodes one payload into runs of at most `runByteCount` bytes.
func decode(
    _ encoded: [UInt8], byteCount: Int, with decoder: any PayloadDecoder, runByteCount: Int = .max
) throws -> [UInt8] {
    let buffer = CanaryBuffer(count: byteCount)
    try decode(encoded, into: buffer, with: decoder, runByteCount: runByteCount)
    return buffer.bytes
}

/// Decodes one payload to the end of `buffer`, which the caller looks at also when this throws.
func decode(
    _ encoded: [UInt8], into buffer: CanaryBuffer, with decoder: any PayloadDecoder, runByteCount: Int = .max
) throws(CodecError) {
    // An allocation of exactly the input's size, so that address sanitizer sees any read beyond it.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 1)
    defer { unsafe input.deallocate() }
    unsafe input.copyBytes(from: encoded)
    try unsafe decoder.begin(UnsafeRawBufferPointer(input))
    var start = 0
    while start < buffer.count {
        let end = buffer.count - start > runByteCount ? start + runByteCount : buffer.count
        try unsafe decoder.decode(into: UnsafeMutableRawBufferPointer(rebasing: buffer.output[start..<end]))
        start = end
    }
    try decoder.finish()
}
