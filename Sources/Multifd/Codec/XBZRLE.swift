import CPage

/// The delta format of the field: what changed in a page since the receiver got it.
///
/// ```
/// delta = { zrun nzrun }*      zrun = length (bytes to keep), nzrun = length, bytes (to write)
/// length = ULEB128, at most 14 bits
/// ```
/// The unchanged tail of a page has no run. Encoding gives the canonical form: runs as long as they can be. Format and
/// limits are those of QEMU's `xbzrle` capability, byte for byte.
package enum XBZRLE {
    /// What became of a page.
    package enum Encoded: Equatable, Sendable {
        /// It equals its base: nothing was written.
        case unchanged
        /// A delta of that many bytes was appended to the output.
        case delta(byteCount: Int)
        /// A delta would not fit: nothing was appended.
        case overflow
    }

    /// Appends the delta that turns `base` into `page`.
    ///
    /// - Parameters:
    ///   - page: `Page.byteCount` bytes that do not change meanwhile, aligned to 8.
    ///   - base: the bytes that the receiver has, likewise.
    ///   - output: has room for `maximumByteCount`.
    ///   - maximumByteCount: the encoder gives up beyond it, and also when fewer than two bytes are left while there
    ///     is input. QEMU's is a page.
    @unsafe
    package static func encode(
        _ page: UnsafeRawPointer, against base: UnsafeRawPointer, into output: inout OutputRawSpan,
        maximumByteCount: Int = Page.byteCount
    ) -> Encoded {
        precondition(output.freeCapacity >= maximumByteCount)
        return unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
            // Not nil: there is room. The encoder stays within the capacity that it is told.
            guard let start = bytes.baseAddress else { return .overflow }
            let byteCount = unsafe CPage_encode_delta(
                base, page, (start + initializedCount).assumingMemoryBound(to: UInt8.self), Int32(maximumByteCount))
            switch byteCount {
            case 0: return .unchanged
            case 1...:
                initializedCount += Int(byteCount)
                return .delta(byteCount: Int(byteCount))
            default: return .overflow
            }
        }
    }

    /// Applies a delta to the page it was made against.
    ///
    /// Nothing outside the page is written. When this throws, a part of the delta may have been applied.
    ///
    /// - Parameters:
    ///   - delta: bytes from a peer; at most `Page.byteCount` of them, trapped otherwise.
    ///   - page: `Page.byteCount` bytes that nobody else touches.
    @unsafe
    package static func decode(_ delta: RawSpan, into page: UnsafeMutableRawPointer) throws(CodecError) {
        precondition(delta.byteCount <= Page.byteCount)
        var reader = LengthReader(delta: delta)
        var position = 0
        while reader.offset < delta.byteCount {
            let kept = try reader.next()
            guard kept > 0 || position == 0 && reader.isAtFirstRun else { throw reader.invalid(.emptyRun) }
            position += kept
            guard position <= Page.byteCount else { throw reader.invalid(.beyondPage) }

            let written = try reader.next()
            guard written > 0 else { throw reader.invalid(.emptyRun) }
            guard written <= Page.byteCount - position else { throw reader.invalid(.beyondPage) }
            guard written <= delta.byteCount - reader.offset else { throw reader.invalid(.truncated) }
            // Both ranges were checked just now.
            unsafe delta.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                unsafe (page + position).copyMemory(from: start + reader.offset, byteCount: written)
            }
            position += written
            reader.skip(written)
        }
    }

    /// Why a delta is refused.
    package enum Defect: String, Sendable {
        case truncated = "it ends within a run"
        case emptyRun = "a run is empty"
        case beyondPage = "a run goes beyond the page"
        case invalidLength = "a length has more than two bytes"
    }

    private struct LengthReader: ~Escapable {
        private let delta: RawSpan
        private(set) var offset = 0
        private var lengthCount = 0

        @_lifetime(copy delta)
        init(delta: RawSpan) { self.delta = delta }

        /// Only the first run of a delta may keep nothing: the page begins with a change.
        var isAtFirstRun: Bool { lengthCount == 1 }

        @_lifetime(self: copy self)
        mutating func next() throws(CodecError) -> Int {
            // Neither a last zrun nor an nzrun without bytes exists, so a length never is the last byte.
            guard delta.byteCount - offset >= 2 else { throw invalid(.truncated) }
            lengthCount += 1
            let low = unsafe delta.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            offset += 1
            guard low & 0x80 != 0 else { return Int(low) }
            let high = unsafe delta.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            guard high & 0x80 == 0 else { throw invalid(.invalidLength) }
            offset += 1
            return Int(high) << 7 | Int(low & 0x7F)
        }

        @_lifetime(self: copy self)
        mutating func skip(_ byteCount: Int) { offset += byteCount }

        func invalid(_ defect: Defect) -> CodecError { .invalidDelta(byteOffset: offset, defect) }
    }
}
