import CXXHash

/// XXH3, 64 bits: finds what goes wrong between two ends that trust each other. It is no defence against forgery: whoever
/// can change a message can change its checksum, too. Where that is to be feared the connection goes through a tunnel.
package enum Checksum {
    /// Of two parts: the checksum of the first is the seed of the second's.
    package static func of(_ prefix: [UInt8], _ body: [UInt8]) -> UInt64 {
        // Safe: `bytes` is unsafe for elements with padding, which UInt8 does not have.
        unsafe of(body.span.bytes, seed: of(prefix.span.bytes))
    }

    package static func of(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
        // Safe: the library reads exactly the span's bytes.
        unsafe bytes.withUnsafeBytes { unsafe of(memory: $0, seed: seed) }
    }

    /// Of memory that a span may not describe, such as a mapped file.
    @unsafe
    package static func of(memory bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        unsafe CXXHash_64bits(bytes.baseAddress, bytes.count, seed)
    }
}
