import CLinux
import Glibc
import SystemPackage

/// The part of a file that holds a RAMBlock. Owns a descriptor of its own.
///
/// Calls on the file beat touching its mapping: a page that is written whole need not be zeroed and mapped first, a file
/// that shrinks or a disk that fills up is an error and not a signal, and a hole that is read stays one.
struct BlockFile: ~Copyable, Sendable {
    private let path: String
    private let descriptor: Int32
    private let offset: Int
    private let filler: HoleFiller?

    /// - Parameters:
    ///   - path: what errors call the file.
    ///   - descriptor: is duplicated.
    ///   - filler: for the pages that nobody has written yet, where there can be one.
    init(
        path: String, _ descriptor: FileDescriptor, offset: Int, filler: consuming HoleFiller?
    ) throws(MemoryError) {
        self.path = path
        self.offset = offset
        self.filler = filler
        self.descriptor = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
        guard self.descriptor >= 0 else {
            throw .file(path: path, operation: "open another descriptor of", Errno(rawValue: errno))
        }
    }

    deinit { close(descriptor) }

    /// Reads bytes of the block.
    @unsafe
    func read(_ byteCount: Int, at position: Int, into buffer: UnsafeMutableRawPointer) throws(MemoryError) {
        var done = 0
        while done < byteCount {
            let count = unsafe pread(descriptor, buffer + done, byteCount - done, offset + position + done)
            // Zero: the file has shrunk since it was opened.
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw .file(path: path, operation: "read", count == 0 ? .noData : Errno(rawValue: errno))
            }
            done += count
        }
    }

    /// Has the kernel begin to write to the disk what is not there yet. Only a hint: what fails shows in `fsync`.
    func startWriteback(_ byteCount: Int) {
        _ = CLinux_start_writeback(descriptor, Int64(offset), Int64(byteCount))
    }

    /// Writes whole pages of the block.
    @unsafe
    func write(_ byteCount: Int, at position: Int, from buffer: UnsafeRawPointer) throws(MemoryError) {
        var done = unsafe filler?.fill(byteCount, at: position, from: buffer) ?? 0
        while done < byteCount {
            let count = unsafe pwrite(descriptor, buffer + done, byteCount - done, offset + position + done)
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .file(path: path, operation: "write", Errno(rawValue: errno))
            }
            done += count
        }
    }

    /// Makes bytes of the block zero, and gives their storage back.
    func clear(_ byteCount: Int, at position: Int) throws(MemoryError) {
        while CLinux_punch_hole(descriptor, Int64(offset + position), Int64(byteCount)) != 0 {
            if errno == EINTR { continue }
            guard errno == EOPNOTSUPP else {
                throw .file(path: path, operation: "clear a page of", Errno(rawValue: errno))
            }
            return try writeZeros(byteCount, at: position)  // a filesystem without holes
        }
    }

    private func writeZeros(_ byteCount: Int, at position: Int) throws(MemoryError) {
        let zeros = [UInt8](repeating: 0, count: byteCount)
        // Safe: the bytes are the array's own, for the time of the call.
        try unsafe zeros.span.bytes.withUnsafeBytes { bytes throws(MemoryError) in
            guard let start = bytes.baseAddress else { return }
            unsafe try write(bytes.count, at: position, from: start)
        }
    }
}
