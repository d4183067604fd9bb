import Glibc
package import SystemPackage

/// A file that a command writes what it measured to.
package struct ReportFile {
    package let path: FilePath

    package init(_ path: String) { self.path = FilePath(path) }

    /// Throws what would make ``replace(with:)`` fail, as far as that shows before there is anything to write: hours of
    /// measuring are not to be lost to a typo.
    package func check() throws(ReportFileError) {
        let found = mode
        guard found.map({ $0 & S_IFMT }) != S_IFDIR else { throw .unwritable(path: path, .isDirectory) }
        let folder = path.removingLastComponent()
        let written = isReplaceable(found) ? (folder.isEmpty ? "." : folder) : path
        guard unsafe access(written.string, W_OK) == 0 else {
            throw .unwritable(path: path, Errno(rawValue: errno))
        }
    }

    /// Writes the file, or a new one in its place: who stops the command, or has no room left, keeps all of the one before.
    package func replace(with text: String) throws(ReportFileError) {
        do throws(Errno) {
            let found = mode
            guard isReplaceable(found) else { return try Self.write(text, to: path) }
            try replace(with: text, FilePermissions(rawValue: found.map { $0 & 0o777 } ?? 0o666))
        } catch {
            throw .unwritable(path: path, error)
        }
    }

    /// Whether there is a report from before.
    var exists: Bool { mode.map { $0 & S_IFMT == S_IFREG } ?? false }

    /// The file's type and permissions; nil when there is none.
    private var mode: mode_t? {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 ? status.st_mode : nil
    }

    /// Whether a new file may take the place of what there is. Of a device or a pipe it may not.
    private func isReplaceable(_ mode: mode_t?) -> Bool { mode.map { $0 & S_IFMT == S_IFREG } ?? true }

    private func replace(with text: String, _ permissions: FilePermissions) throws(Errno) {
        let partial = FilePath("\(path.string).partial-\(String(UInt64.random(in: 0 ... .max), radix: 36))")
        do throws(Errno) {
            try Self.write(text, to: partial, options: [.create, .exclusiveCreate], permissions)
            guard unsafe rename(partial.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            _ = unsafe unlink(partial.string)
            throw error
        }
    }

    private static func write(
        _ text: String, to path: FilePath, options: FileDescriptor.OpenOptions = [],
        _ permissions: FilePermissions? = nil
    ) throws(Errno) {
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: options, permissions: permissions)
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
