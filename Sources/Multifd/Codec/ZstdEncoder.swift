import CZstd

/// Encodes payloads as one Zstandard frame that is flushed after each and never ended.
@safe
package final class ZstdEncoder: PayloadEncoder {
    // Owned: made in init, freed in deinit, never handed out.
    private let context: OpaquePointer

    /// - Parameter level: -7...20; 0 is the library's default.
    package init(level: Int) throws(CodecError) {
        guard let context = unsafe ZSTD_createCCtx() else {
            throw .library(codec: "zstd", operation: "start encoding", reason: "out of memory")
        }
        unsafe self.context = context
        try setLevel(level)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
    }

    package func maximumEncodedByteCount(for inputByteCount: Int) -> Int {
        // Beyond what the library says: a frame header (at most 18 bytes) and, because a payload need not begin where
        // a block of 128 KiB does, one more block header (3 bytes).
        ZSTD_compressBound(inputByteCount) + 32
    }

    package func encode(_ input: RawSpan, endsPayload: Bool, into output: inout OutputRawSpan) throws(CodecError) {
        let remaining = unsafe input.withUnsafeBytes { input in
            // The library writes to the free part of `output` only, whose size it is told.
            unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
                var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                var to = unsafe ZSTD_outBuffer(dst: bytes.baseAddress, size: bytes.count, pos: initializedCount)
                let operation = endsPayload ? ZSTD_e_flush : ZSTD_e_continue
                var remaining = 0
                repeat {
                    remaining = unsafe ZSTD_compressStream2(context, &to, &from, operation)
                    // Without a flush, what remains is a hint; all input taken is what counts.
                    if ZSTD_isError(remaining) == 0, !endsPayload { unsafe remaining = from.size - from.pos }
                } while unsafe ZSTD_isError(remaining) == 0 && remaining > 0 && to.pos < to.size
                unsafe initializedCount = to.pos
                return remaining
            }
        }
        guard remaining == 0 else {
            let reason = ZSTD_isError(remaining) != 0 ? zstdErrorName(remaining) : "its output needs more room"
            throw .library(codec: "zstd", operation: "encode a payload", reason: reason)
        }
    }

    /// Ends nothing, but begins a new frame with the next payload, at another level. The peer's decoder must restart
    /// at the same payload.
    package func restart(level: Int) throws(CodecError) {
        _ = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        try setLevel(level)
    }

    private func setLevel(_ level: Int) throws(CodecError) {
        let result = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        guard ZSTD_isError(result) == 0 else {
            throw .library(codec: "zstd", operation: "use level \(level)", reason: zstdErrorName(result))
        }
    }
}

func zstdErrorName(_ code: Int) -> String {
    // A string constant of the library for every code.
    unsafe ZSTD_getErrorName(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
