import CZstd

/// Decodes the payloads of one Zstandard frame that never ends.
@safe
package final class ZstdDecoder: PayloadDecoder {
    /// QEMU's levels use windows up to 2^25 bytes. The library would allow 2^27: a hostile peer could make each
    /// channel allocate 128 MiB.
    private static let maximumWindowLog: Int32 = 25
    /// Every frame begins with it, least significant byte first. The library also knows skippable frames and formats of
    /// its youth, none of which belongs here.
    private static let frameMagic: UInt32 = 0xFD2F_B528

    // Owned: made in init, freed in deinit, never handed out.
    private let context: OpaquePointer
    private var input = unsafe ZSTD_inBuffer()
    private var isAtStart = true

    package init() throws(CodecError) {
        guard let context = unsafe ZSTD_createDCtx() else {
            throw .library(codec: "zstd", operation: "start decoding", reason: "out of memory")
        }
        unsafe self.context = context
        let result = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.maximumWindowLog)
        guard ZSTD_isError(result) == 0 else {
            throw .library(codec: "zstd", operation: "limit its window", reason: zstdErrorName(result))
        }
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    @unsafe
    package func begin(_ input: UnsafeRawBufferPointer) throws(CodecError) {
        if isAtStart {
            guard input.count >= 4,
                unsafe UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)) == Self.frameMagic
            else { throw .invalidHeader(codec: "zstd") }
            isAtStart = false
        }
        unsafe self.input = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    }

    @unsafe
    package func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError) {
        var to = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        while unsafe to.pos < to.size {
            let before = unsafe to.pos
            try unsafe step(&to)
            // Even without input the library may owe output; only when neither comes is the payload too short.
            guard unsafe to.pos > before || input.pos < input.size else {
                throw unsafe .truncated(codec: "zstd", missingByteCount: to.size - to.pos)
            }
        }
    }

    package func finish() throws(CodecError) {
        // Takes what carries no data, such as an empty block, and shows whether any byte would follow.
        var surplus: UInt8 = 0
        try unsafe withUnsafeMutableBytes(of: &surplus) { bytes throws(CodecError) in
            var to = unsafe ZSTD_outBuffer(dst: bytes.baseAddress, size: 1, pos: 0)
            repeat {
                let before = unsafe input.pos
                try unsafe step(&to)
                guard unsafe to.pos == 0 else {
                    throw unsafe .surplus(codec: "zstd", byteCount: 1 + input.size - input.pos)
                }
                guard unsafe input.pos > before || input.pos == input.size else {
                    throw unsafe .surplus(codec: "zstd", byteCount: input.size - input.pos)
                }
            } while unsafe input.pos < input.size
        }
        unsafe input = ZSTD_inBuffer()
    }

    package func restart() {
        _ = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        isAtStart = true
    }

    @unsafe
    private func step(_ output: inout ZSTD_outBuffer) throws(CodecError) {
        // The library writes to output[pos..<size] and reads input[pos..<size], nothing else.
        let result = unsafe ZSTD_decompressStream(context, &output, &input)
        guard ZSTD_isError(result) == 0 else {
            throw .library(codec: "zstd", operation: "decode a payload", reason: zstdErrorName(result))
        }
        guard result != 0 else { throw .endOfStream(codec: "zstd") }
    }
}
