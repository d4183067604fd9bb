import Glibc
import SystemPackage

/// A file that is being written beside the place where it is to be. It gets its name when it is committed; until then it
/// is removed when its owner goes.
struct PartialFile: ~Copyable {
    let descriptor: FileDescriptor
    private let path: String
    private let partialPath: String

    init(path: String, byteCount: Int) throws(MemoryError) {
        let partialPath = path.newPartialPath()
        descriptor = try Self.open(partialPath, byteCount: byteCount, for: path)
        self.path = path
        self.partialPath = partialPath
    }

    /// Throws when a file cannot be made at a path.
    static func checkPlace(of path: String) throws(MemoryError) {
        // Taken apart, what is empty or ends in a slash looks like a name in a folder that there is.
        guard !path.isEmpty else { throw .file(path: path, operation: "create", .noSuchFileOrDirectory) }
        guard !path.hasSuffix("/") else { throw .file(path: path, operation: "create", .isDirectory) }
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw .file(
                path: path, operation: "replace", status.st_mode & S_IFMT == S_IFDIR ? .isDirectory : .fileExists)
        }
        guard unsafe access(folder(of: path), W_OK | X_OK) == 0 else {
            throw .file(path: path, operation: "create", Errno(rawValue: errno))
        }
    }

    private static func folder(of path: String) -> String {
        let folder = FilePath(path).removingLastComponent()
        return folder.isEmpty ? "." : folder.string
    }

    private static func open(
        _ partialPath: String, byteCount: Int, for path: String
    ) throws(MemoryError) -> FileDescriptor {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(
                FilePath(partialPath), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite])
        } catch {
            throw .file(path: path, operation: "create", error as? Errno ?? .ioError)
        }
        guard ftruncate(descriptor.rawValue, byteCount) == 0 else {
            let error = Errno(rawValue: errno)
            _ = unsafe unlink(partialPath)
            try? descriptor.close()
            throw .file(path: path, operation: "make \(byteCount) bytes of room in", error)
        }
        return descriptor
    }

    deinit {
        // After the commit there is nothing under the partial name, and removing it does nothing.
        _ = unsafe unlink(partialPath)
        try? descriptor.close()
    }

    /// Makes the file durable, under what it is to be called.
    consuming func commit() throws(MemoryError) {
        guard fsync(descriptor.rawValue) == 0 else {
            throw .file(path: path, operation: "write to the disk", Errno(rawValue: errno))
        }
        guard unsafe rename(partialPath, path) == 0 else {
            throw .file(path: path, operation: "rename the received file to", Errno(rawValue: errno))
        }
        // The name, too, where the filesystem can. What it names is safe by now.
        if let folder = try? FileDescriptor.open(FilePath(Self.folder(of: path)), .readOnly, options: .closeOnExec) {
            fsync(folder.rawValue)
            try? folder.close()
        }
    }
}
