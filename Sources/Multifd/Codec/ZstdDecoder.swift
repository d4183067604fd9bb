import CZstd

/// Decodes the payloads of one Zstandard frame that never ends.
///
/// They lie in a ring that the library looks back into, so that it copies none of them out of a window of its own.
@safe
package final class ZstdDecoder: PayloadDecoder {
    /// QEMU's levels use windows up to 2^25 bytes. The library would allow 2^31: a hostile peer could make each
    /// channel allocate 2 GiB.
    private static let maximumWindowByteCount = 1 << 25
    /// Every frame begins with it, least significant byte first. The library also knows skippable frames and formats of
    /// its youth, none of which belongs here.
    private static let frameMagic: UInt32 = 0xFD2F_B528
    /// Room for the largest payload, a block that goes on behind it, and what the library scribbles behind a block.
    private static let payloadRoom = Page.countPerBatch << Page.shift + Int(ZSTD_BLOCKSIZE_MAX) + Page.byteCount

    // Owned: made in init, freed in deinit, never handed out.
    private let context: OpaquePointer
    /// What the library asks for, so that a block at its beginning spares what the window needs of its end, and the room
    /// for a payload.
    private var ring: ScratchMemory
    /// What of the payload at hand has been decoded and not been asked for, in bytes of the ring.
    private var decoded = 0..<0
    private var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var isAtStart = true

    package init() throws(CodecError) {
        ring = try Self.makeRing(byteCount: Page.byteCount)  // how large the window is, the frame will say
        guard let context = unsafe ZSTD_createDCtx() else {
            throw .library(codec: "zstd", operation: "start decoding", reason: "out of memory")
        }
        unsafe self.context = context
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    @unsafe
    package func begin(_ input: UnsafeRawBufferPointer) throws(CodecError) {
        if isAtStart {
            unsafe try beginFrame(input)
            isAtStart = false
        }
        unsafe self.input = input
        // The library notices by the addresses when the ring begins anew.
        let start = decoded.upperBound + Self.payloadRoom <= ring.byteCount ? decoded.upperBound : 0
        decoded = start..<start
    }

    @unsafe
    package func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError) {
        let start = unsafe try decode(output.count, scratch: ring.start)
        unsafe output.baseAddress?.copyMemory(from: start, byteCount: output.count)
    }

    /// Leaves `scratch` alone.
    @unsafe
    package func decode(
        _ byteCount: Int, scratch: UnsafeMutableRawPointer
    ) throws(CodecError) -> UnsafeRawPointer {
        while decoded.count < byteCount {
            guard try decodeNextPart() else {
                throw .truncated(codec: "zstd", missingByteCount: byteCount - decoded.count)
            }
        }
        let start = decoded.lowerBound
        decoded = start + byteCount..<decoded.upperBound
        return unsafe UnsafeRawPointer(ring.start + start)
    }

    package func finish() throws(CodecError) {
        // Takes what carries no data, such as an empty block, and shows whether any byte would follow.
        while unsafe decoded.isEmpty && !input.isEmpty {
            guard try decodeNextPart() else { break }
        }
        let surplus = unsafe decoded.count + input.count
        guard surplus == 0 else { throw .surplus(codec: "zstd", byteCount: surplus) }
        // A frame that ends with its last block is noticed here.
        _ = try nextPartByteCount()
    }

    package func restart() {
        isAtStart = true
    }

    private func beginFrame(_ input: UnsafeRawBufferPointer) throws(CodecError) {
        guard input.count >= 4,
            unsafe UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)) == Self.frameMagic
        else { throw .invalidHeader(codec: "zstd") }
        var header = ZSTD_frameHeader()
        let missing = unsafe ZSTD_getFrameHeader(&header, input.baseAddress, input.count)
        try Self.check(missing, "read a frame's header")
        guard missing == 0 else { throw .invalidHeader(codec: "zstd") }
        guard header.windowSize <= Self.maximumWindowByteCount else {
            throw .library(
                codec: "zstd", operation: "decode a payload",
                reason:
                    "its window has \(header.windowSize) bytes, but QEMU's have at most \(Self.maximumWindowByteCount)")
        }
        // `.max`: the size of the content is not known.
        let byteCount = ZSTD_decodingBufferSize_min(header.windowSize, .max) + Self.payloadRoom
        if ring.byteCount < byteCount { ring = try Self.makeRing(byteCount: byteCount) }
        try Self.check(unsafe ZSTD_decompressBegin(context), "begin a frame")
        decoded = 0..<0
    }

    /// Decodes the next block or header of the frame.
    ///
    /// - Returns: false when the input does not hold all of it.
    private func decodeNextPart() throws(CodecError) -> Bool {
        let byteCount = try nextPartByteCount()
        guard unsafe byteCount <= input.count else { return false }
        // The library reads `byteCount` bytes of the input, and writes to the ring between the end of what is decoded and
        // its own end, as it is told.
        let end = decoded.upperBound
        let result = unsafe ZSTD_decompressContinue(
            context, ring.start + end, ring.byteCount - end, input.baseAddress, byteCount)
        try Self.check(result, "decode a payload")
        decoded = decoded.lowerBound..<end + result
        unsafe input = UnsafeRawBufferPointer(rebasing: input[byteCount...])
        return true
    }

    private func nextPartByteCount() throws(CodecError) -> Int {
        let byteCount = unsafe ZSTD_nextSrcSizeToDecompress(context)
        guard byteCount > 0 else { throw .endOfStream(codec: "zstd") }
        return byteCount
    }

    private static func check(_ result: Int, _ operation: String) throws(CodecError) {
        guard ZSTD_isError(result) == 0 else {
            throw .library(codec: "zstd", operation: operation, reason: zstdErrorName(result))
        }
    }

    private static func makeRing(byteCount: Int) throws(CodecError) -> ScratchMemory {
        do {
            return try ScratchMemory(byteCount: byteCount)
        } catch {
            throw .library(codec: "zstd", operation: "make room for its window", reason: "\(error)")
        }
    }
}
