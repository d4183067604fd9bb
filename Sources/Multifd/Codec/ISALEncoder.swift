import CISAL

/// Encodes payloads as one zlib stream (RFC 1950) with a sync flush after each, through ISA-L, whose output any zlib
/// reads.
///
/// A level here is igzip's level of the same number, which takes the place of zlib's. Measured on 192 MiB of programs,
/// libraries and text in payloads of 512 KiB, one core (MB/s in, share left):
///
/// | level | igzip | zlib |
/// |---|---|---|
/// | 1 | 713, 41.1 % | 93, 40.2 % |
/// | 2 | 665, 40.7 % | 89, 39.5 % |
/// | 3 | 295, 40.0 % | 77, 39.0 % |
///
/// From level 4 on zlib alone goes below 39 %. Level 0, stored, is zlib's too.
@safe
final class ISALEncoder: PayloadEncoder {
    /// The levels at which it takes the place of zlib.
    static let levels = 1...3

    /// RFC 1950: deflate with a window of 32 KiB, fastest, no dictionary. Written here and not by the library, which
    /// would then sum up a checksum that only the end of the stream, never reached, would tell.
    private static let header: [2 of UInt8] = [0x78, 0x01]

    // Owned: made in init, freed in deinit, never handed out.
    private let stream: UnsafeMutablePointer<isal_zstream>
    private let levelBuffer: UnsafeMutableRawBufferPointer
    private var isAtStart = true

    /// - Parameter level: one of ``levels``; trapped otherwise.
    init(level: Int) throws(CodecError) {
        precondition(Self.levels.contains(level))
        let levelBufferByteCount = Int(CISAL_level_buffer_byte_count(UInt32(level)))
        unsafe levelBuffer = .allocate(byteCount: levelBufferByteCount, alignment: 64)
        unsafe stream = .allocate(capacity: 1)
        unsafe isal_deflate_init(stream)
        unsafe stream.pointee.level = UInt32(level)
        unsafe stream.pointee.level_buf = levelBuffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.level_buf_size = UInt32(levelBufferByteCount)
        unsafe stream.pointee.gzip_flag = UInt16(IGZIP_DEFLATE)
    }

    deinit {
        unsafe stream.deallocate()
        unsafe levelBuffer.deallocate()
    }

    func maximumEncodedByteCount(for inputByteCount: Int) -> Int {
        // Where a block of what cannot be compressed is not at hand as a whole to be stored, igzip codes it: at most
        // 1/256 more than its input, and up to 328 bytes of code tables.
        inputByteCount + inputByteCount >> 8 + 1024
    }

    func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        if isAtStart {
            output.append(Self.header[0])
            output.append(Self.header[1])
            isAtStart = false
        }
        let isWhole = unsafe input.withUnsafeBytes { input in
            // The library writes to the free part of `output` only, whose size it is told.
            unsafe output.withUnsafeMutableBytes { bytes, initializedCount in
                // ISA-L's type lacks a const: it only reads its input.
                unsafe stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = (bytes.baseAddress.map { unsafe $0 + initializedCount })?
                    .assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_out = UInt32(bytes.count - initializedCount)
                unsafe stream.pointee.flush = UInt16(SYNC_FLUSH)
                let result = unsafe isal_deflate(stream)
                unsafe initializedCount = bytes.count - Int(stream.pointee.avail_out)
                // With room left in the output, nothing was held back.
                return unsafe result == COMP_OK && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
            }
        }
        guard isWhole else {
            throw .library(codec: "zlib", operation: "encode a payload", reason: "its output needs more room")
        }
    }
}
