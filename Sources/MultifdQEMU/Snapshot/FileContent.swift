import Glibc
import Multifd
import SystemPackage

/// Reads and writes small files whole, and hashes files of any size.
package enum FileContent {
    /// - Parameter maximumByteCount: a larger file is refused.
    static func read(_ path: String, maximumByteCount: Int) throws(SnapshotError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var piece = [UInt8](repeating: 0, count: 256 << 10)
                while true {
                    let count = try unsafe piece.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                    guard count > 0 else { return bytes }
                    bytes += piece.prefix(count)
                    guard bytes.count <= maximumByteCount else { throw Errno.fileTooLarge }
                }
            }
        } catch {
            throw .file(path: path, operation: "read", error as? Errno ?? .ioError)
        }
    }

    /// Writes a new file and waits until it is on the disk.
    static func write(_ bytes: [UInt8], to path: String) throws(SnapshotError) {
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite])
            try file.closeAfter {
                try file.writeAll(bytes)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw .file(path: path, operation: "write", error as? Errno ?? .ioError)
        }
    }

    /// Waits until a file, or a directory's list of names, is on the disk.
    static func synchronise(_ path: String) throws(SnapshotError) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
            try file.closeAfter {
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw .file(path: path, operation: "write", error as? Errno ?? .ioError)
        }
    }

    /// Hashes a file of any size piece by piece, until the task that it is called in is cancelled.
    ///
    /// - Parameters:
    ///   - expected: bytes that it must have, and be a regular file; nil for any file.
    ///   - body: gets each piece.
    package static func hash(
        ofFile path: String, byteCount expected: Int? = nil, _ body: (([UInt8]) throws -> Void)? = nil
    ) throws(SnapshotError) -> (hash: String, byteCount: Int) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            return try file.closeAfter {
                var status = stat()
                guard unsafe fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
                if let expected, status.st_mode & S_IFMT != S_IFREG || status.st_size != expected {
                    throw SnapshotError.size(file: path, expected: expected)
                }
                var checksum = StreamingChecksum()
                var byteCount = 0
                let buffer = try ScratchMemory(byteCount: 1 << 20)
                while true {
                    guard !Task.isCancelled else { throw Errno.canceled }
                    let count = unsafe try file.read(into: buffer.buffer)
                    guard count > 0 else { return (checksum.value.hexadecimal, byteCount) }
                    let piece = unsafe UnsafeRawBufferPointer(start: buffer.start, count: count)
                    unsafe checksum.update(piece)
                    try body?(unsafe Array(piece))
                    byteCount += count
                }
            }
        } catch let error as SnapshotError {
            throw error
        } catch {
            throw .file(path: path, operation: "read", error as? Errno ?? .ioError)
        }
    }

    static func hash(_ bytes: [UInt8]) -> String {
        // Safe: `bytes` is unsafe for elements with padding, which UInt8 does not have.
        unsafe Checksum.of(bytes.span.bytes).hexadecimal
    }
}
