import CZlib

/// Encodes payloads as one zlib stream (RFC 1950) with a sync flush after each, through zlib itself: the levels that
/// ISA-L has no match for.
@safe
final class ZlibEncoder: PayloadEncoder {
    // Owned: made in init, freed in deinit, never handed out. At a fixed address, because zlib's state points back.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 0...9.
    init(level: Int) throws(CodecError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let result = unsafe deflateInit_(stream, Int32(level), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            unsafe stream.deallocate()
            throw .library(codec: "zlib", operation: "use level \(level)", reason: "error \(result)")
        }
        unsafe self.stream = stream
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    func maximumEncodedByteCount(for inputByteCount: Int) -> Int {
        // Beyond what the library says of a stream that is ended at once: the sync flush, and its bits before it.
        unsafe Int(deflateBound(stream, UInt(inputByteCount))) + 16
    }

    func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        let isWhole = unsafe input.withUnsafeBytes { input in
            // The library writes to the free part of `output` only, whose size it is told.
            unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
                // zlib's type lacks a const: it only reads its input.
                unsafe stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = (bytes.baseAddress.map { unsafe $0 + initializedCount })?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_out = UInt32(bytes.count - initializedCount)
                unsafe deflate(stream, Z_SYNC_FLUSH)
                unsafe initializedCount = bytes.count - Int(stream.pointee.avail_out)
                // With room left in the output, nothing was held back.
                return unsafe stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
            }
        }
        guard isWhole else {
            throw .library(codec: "zlib", operation: "encode a payload", reason: "its output needs more room")
        }
    }
}
