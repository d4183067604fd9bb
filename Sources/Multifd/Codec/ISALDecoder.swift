import CISAL

/// Decodes the payloads of one zlib stream (RFC 1950) that never ends, whichever library wrote it.
@safe
package final class ISALDecoder: PayloadDecoder {
    // Owned: made in init, freed in deinit, never handed out. Holds the window of 32 KiB.
    private let state: UnsafeMutablePointer<inflate_state>
    private var isAtStart = true

    package init() {
        unsafe state = .allocate(capacity: 1)
        unsafe isal_inflate_init(state)
    }

    deinit {
        unsafe state.deallocate()
    }

    @unsafe
    package func begin(_ input: UnsafeRawBufferPointer) throws(CodecError) {
        var start = 0
        if isAtStart {
            // The header is read here, so that the library leaves out the checksum, 5 % of its time, which only the end
            // of the stream, never reached, could be compared with.
            guard input.count >= 2, unsafe Self.isHeader(input[0], input[1]) else {
                throw .invalidHeader(codec: "zlib")
            }
            start = 2
            isAtStart = false
        }
        // ISA-L's type lacks a const: it only reads its input.
        unsafe state.pointee.next_in = (UnsafeMutableRawPointer(mutating: input.baseAddress).map { unsafe $0 + start })?
            .assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_in = UInt32(input.count - start)
    }

    @unsafe
    package func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError) {
        unsafe state.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_out = UInt32(output.count)
        while unsafe state.pointee.avail_out > 0 {
            let before = unsafe (state.pointee.avail_in, state.pointee.avail_out)
            try inflate()
            guard unsafe (state.pointee.avail_in, state.pointee.avail_out) != before else {
                throw unsafe .truncated(codec: "zlib", missingByteCount: Int(state.pointee.avail_out))
            }
        }
    }

    package func finish() throws(CodecError) {
        // Takes what carries no data, such as the empty block of a sync flush, and shows whether any byte would follow.
        var surplus: UInt8 = 0
        try unsafe withUnsafeMutableBytes(of: &surplus) { bytes throws(CodecError) in
            unsafe state.pointee.next_out = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe state.pointee.avail_out = 1
            try inflate()
            let left = unsafe Int(state.pointee.avail_in)
            guard unsafe state.pointee.avail_out == 1 else { throw .surplus(codec: "zlib", byteCount: 1 + left) }
            guard left == 0 else { throw .surplus(codec: "zlib", byteCount: left) }
        }
        // The caller's memory is not ours any more.
        unsafe state.pointee.next_in = nil
        unsafe state.pointee.next_out = nil
    }

    package func restart() {
        unsafe isal_inflate_reset(state)
        isAtStart = true
    }

    /// RFC 1950, 2.2: deflate, a window of at most 2^15 bytes, the check of both bytes, no preset dictionary.
    private static func isHeader(_ method: UInt8, _ flags: UInt8) -> Bool {
        method & 0x0F == 8 && method >> 4 <= 7 && (Int(method) << 8 | Int(flags)) % 31 == 0 && flags & 0x20 == 0
    }

    private func inflate() throws(CodecError) {
        // The library writes to next_out[0..<avail_out] and reads next_in[0..<avail_in], nothing else.
        let result = unsafe isal_inflate(state)
        guard result == ISAL_DECOMP_OK || result == ISAL_END_INPUT || result == ISAL_OUT_OVERFLOW else {
            throw .library(codec: "zlib", operation: "decode a payload", reason: Self.reason(for: result))
        }
        let block = unsafe state.pointee.block_state
        guard unsafe state.pointee.bfinal == 0 || (block != ISAL_BLOCK_FINISH && block != ISAL_BLOCK_INPUT_DONE) else {
            throw .endOfStream(codec: "zlib")
        }
    }

    private static func reason(for result: Int32) -> String {
        switch result {
        case ISAL_INVALID_BLOCK: "invalid block"
        case ISAL_INVALID_SYMBOL: "invalid symbol"
        case ISAL_INVALID_LOOKBACK: "a distance that reaches before the beginning of the stream"
        default: "error \(result)"
        }
    }
}
