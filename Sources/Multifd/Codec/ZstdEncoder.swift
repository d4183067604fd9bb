import CZstd

/// Encodes payloads as one Zstandard frame that is flushed after each and never ended.
///
/// At the fast levels, whose window is small, payloads lie in a ring that the library looks back into, so that it copies
/// none of them into a buffer of its own: 9 % faster on a guest's memory, for the same bytes. At other levels it keeps its
/// window itself.
@safe
package final class ZstdEncoder: PayloadEncoder {
    /// The largest payload: a batch.
    private static let payloadByteCount = Page.countPerBatch << Page.shift
    /// Levels with a window of at most 1 MiB. The ring holds it beside the place where the next payload is put together:
    /// whatever is scribbled there, window and place are 1.5 MiB, and the ring begins anew behind that at the earliest.
    private static let ringLevels = -7...2
    private static let ringByteCount = 4 * payloadByteCount

    // Owned: made in init, freed in deinit, never handed out.
    private let context: OpaquePointer
    private let ring: ScratchMemory
    /// Where in the ring the next payload begins; nil at levels without one.
    private var position: Int?

    /// - Parameter level: -7...20; 0 is the library's default.
    package init(level: Int) throws(CodecError) {
        let ring: ScratchMemory
        do {
            ring = try ScratchMemory(byteCount: Self.ringByteCount)
        } catch {
            throw .library(codec: "zstd", operation: "start encoding", reason: "\(error)")
        }
        guard let context = unsafe ZSTD_createCCtx() else {
            throw .library(codec: "zstd", operation: "start encoding", reason: "out of memory")
        }
        self.ring = consume ring
        unsafe self.context = context
        try begin(level)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
    }

    package func maximumEncodedByteCount(for inputByteCount: Int) -> Int {
        Self.maximumEncodedByteCount(for: inputByteCount)
    }

    /// The most bytes that a payload of `inputByteCount` bytes can become, at any level.
    package static func maximumEncodedByteCount(for inputByteCount: Int) -> Int {
        // Beyond what the library says: a frame header (at most 18 bytes) and, because a payload need not begin where
        // a block of 128 KiB does, one more block header (3 bytes).
        ZSTD_compressBound(inputByteCount) + 32
    }

    /// Where to put the next payload so that it need not be copied; nil where that makes no difference.
    package var staging: UnsafeMutableRawPointer? {
        unsafe position.map { unsafe ring.start + $0 }
    }

    package func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        guard position != nil else { return try encodeStreaming(input, into: &output) }
        var next = 0
        while next < input.byteCount {
            let end = min(input.byteCount, next + Self.payloadByteCount)
            try encodeInRing(input.extracting(next..<end), into: &output)
            next = end
        }
    }

    private func encodeInRing(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        guard let start = position else { return }
        let written = unsafe input.withUnsafeBytes { input in
            // Within the ring, which has room for a whole payload at every position. What is there already stays.
            let place = unsafe ring.start + start
            if let base = input.baseAddress, unsafe base != UnsafeRawPointer(place) {
                unsafe place.copyMemory(from: base, byteCount: input.count)
            }
            return unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
                // The library writes to the free part of `output` only, whose size it is told.
                let written = unsafe ZSTD_compressContinue(
                    context, bytes.baseAddress.map { unsafe $0 + initializedCount }, bytes.count - initializedCount,
                    place, input.count)
                if ZSTD_isError(written) == 0 { initializedCount += written }
                return written
            }
        }
        guard ZSTD_isError(written) == 0 else {
            throw .library(codec: "zstd", operation: "encode a payload", reason: zstdErrorName(written))
        }
        // The library notices by the addresses when the ring begins anew. A payload with deltas may end anywhere, and
        // pages are copied to aligned places.
        let next = (start + input.byteCount + 63) & ~63
        position = next + Self.payloadByteCount <= Self.ringByteCount ? next : 0
    }

    private func encodeStreaming(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        let remaining = unsafe input.withUnsafeBytes { input in
            // The library writes to the free part of `output` only, whose size it is told.
            unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
                var from = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                var to = unsafe ZSTD_outBuffer(dst: bytes.baseAddress, size: bytes.count, pos: initializedCount)
                var remaining = 0
                repeat {
                    remaining = unsafe ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush)
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
        try begin(level)
    }

    private func begin(_ level: Int) throws(CodecError) {
        let usesRing = level != 0 && Self.ringLevels.contains(level)
        position = usesRing ? 0 : nil
        _ = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        let result =
            usesRing
            ? unsafe ZSTD_compressBegin(context, Int32(level))
            : unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        guard ZSTD_isError(result) == 0 else {
            throw .library(codec: "zstd", operation: "use level \(level)", reason: zstdErrorName(result))
        }
    }
}

func zstdErrorName(_ code: Int) -> String {
    // A string constant of the library for every code.
    unsafe ZSTD_getErrorName(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
