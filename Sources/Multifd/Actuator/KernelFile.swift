import Glibc
import SystemPackage

/// A file whose content the kernel makes up when it is read.
enum KernelFile {
    /// Keeps everybody else from locking what the file stands for, until all who share the open file have closed it.
    ///
    /// - Throws: `.wouldBlock` when somebody else has locked it.
    static func lock(_ file: FileDescriptor) throws(Errno) {
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else { throw Errno(rawValue: errno) }
    }

    /// The first line.
    static func line(of path: String) throws(Errno) -> String {
        try text(of: path).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    }

    /// All of it, up to 1024 bytes.
    static func text(of path: String) throws(Errno) -> String {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
                    count = try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
