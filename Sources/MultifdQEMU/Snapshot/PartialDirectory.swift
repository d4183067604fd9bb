import CLinux
import Glibc
import Multifd
import SystemPackage

/// A directory that is being filled beside the place where it is to be. It gets its name when it is committed, complete;
/// until then it is removed, with all that is in it, when its owner goes.
struct PartialDirectory: ~Copyable {
    let path: String
    let partialPath: String
    private var files: [String] = []

    /// Checks early, before a guest is asked for, that the name is free and can be used.
    static func check(_ path: String) throws(SnapshotError) {
        let path = plain(path)
        guard !path.isEmpty else { throw .file(path: path, operation: "create", .noSuchFileOrDirectory) }
        var status = stat()
        guard unsafe lstat(path, &status) != 0 else { throw .exists(path: path) }
        let parent = parent(of: path)
        // Read, too: its list of names is to be on the disk at the end.
        guard unsafe access(parent, R_OK | W_OK | X_OK) == 0 else {
            throw .file(path: parent, operation: "read and write into", Errno(rawValue: errno))
        }
    }

    init(path: String) throws(SnapshotError) {
        let path = Self.plain(path)
        try Self.check(path)
        let partialPath = path.newPartialPath()
        guard unsafe mkdir(partialPath, 0o700) == 0 else {
            throw .file(path: partialPath, operation: "create", Errno(rawValue: errno))
        }
        self.path = path
        self.partialPath = partialPath
    }

    deinit {
        // After the commit there is nothing under the partial name, and removing it does nothing.
        for file in files { _ = unsafe unlink("\(partialPath)/\(file)") }
        _ = unsafe rmdir(partialPath)
    }

    /// Without the slashes at its end, which would follow a link.
    private static func plain(_ path: String) -> String {
        var end = path[...]
        while end.count > 1, end.last == "/" { end = end.dropLast() }
        return String(end)
    }

    private static func parent(of path: String) -> String {
        let parent = FilePath(path).removingLastComponent().string
        return parent.isEmpty ? "." : parent
    }

    /// The path of a file that is to be in the directory.
    mutating func add(_ file: String) -> String {
        files.append(file)
        return "\(partialPath)/\(file)"
    }

    /// Makes a file of zeros and opens it.
    mutating func addFile(_ file: String, byteCount: Int) throws(SnapshotError) -> FileDescriptor {
        let path = add(file)
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite])
            guard ftruncate(descriptor.rawValue, byteCount) == 0 else {
                let error = Errno(rawValue: errno)
                try descriptor.close()
                throw error
            }
            return descriptor
        } catch {
            throw .file(path: path, operation: "make \(byteCount) bytes of room in", error as? Errno ?? .ioError)
        }
    }

    /// Makes all of it durable under its own name.
    func commit() throws(SnapshotError) {
        for file in files { try FileContent.synchronise("\(partialPath)/\(file)") }
        try FileContent.synchronise(partialPath)
        // Not over an empty directory that has appeared meanwhile, where the filesystem (NFS is not one) can tell.
        guard unsafe CLinux_rename_to_new(partialPath, path) == 0 || errno == EINVAL && rename(partialPath, path) == 0
        else {
            throw .file(path: path, operation: "rename the complete snapshot to", Errno(rawValue: errno))
        }
        do {
            try FileContent.synchronise(Self.parent(of: path))
        } catch {
            retract()
            throw error
        }
    }

    /// Takes a commit back: whoever waited for it has not heard of it.
    func retract() { _ = unsafe rename(path, partialPath) }
}
