import FoundationEssentials
import Glibc
import Multifd
package import SystemPackage

/// A file that a command writes what it measured to.
package struct ReportFile {
    package let path: FilePath
    /// What `path` leads to.
    private let target: FilePath

    package init(_ path: String) {
        self.path = FilePath(path)
        target = Self.target(of: self.path)
    }

    /// Throws what would make ``replace(with:)`` fail, as far as that shows before there is anything to write: hours of
    /// measuring are not to be lost to a typo.
    package func check() throws(ReportFileError) {
        guard mode.map({ $0 & S_IFMT }) != S_IFDIR else { throw .unwritable(path: path, .isDirectory) }
        let written = isReplaceable ? folder : target
        guard unsafe access(written.string, W_OK) == 0 else {
            throw .unwritable(path: path, Errno(rawValue: errno))
        }
    }

    /// Writes the file, or a new one in its place: whoever stops the command, or has no room left, keeps all of the one before.
    /// What is no file gets the text behind what it got before.
    package func replace(with text: String) throws(ReportFileError) {
        do throws(Errno) {
            guard isReplaceable else { return try Self.write(text, to: target, options: .append) }
            try replace(with: text, FilePermissions(rawValue: mode.map { $0 & 0o777 } ?? 0o666))
        } catch {
            throw .unwritable(path: path, error)
        }
    }

    /// Whether a new file may take the place of what there is, again and again. Of a device, a pipe, or what a process has
    /// open it may not.
    package var isReplaceable: Bool { mode.map { $0 & S_IFMT == S_IFREG } ?? true }

    /// Whether this is where standard output goes, too.
    var isStandardOutput: Bool {
        var output = stat()
        guard !isReplaceable, let own = Self.status(of: target), unsafe fstat(STDOUT_FILENO, &output) == 0 else {
            return false
        }
        return own.st_dev == output.st_dev && own.st_ino == output.st_ino
    }

    /// Whether both lead to one file, which need not exist yet.
    package func isSame(as other: ReportFile) -> Bool { location == other.location }

    /// From the root on and without links.
    private var location: FilePath {
        let folder = URL(filePath: folder.string).resolvingSymlinksInPath().path
        return FilePath(folder).pushing(FilePath(target.lastComponent?.string ?? ""))
    }

    /// Whether there is a report from before. An empty file, as mktemp(1) makes one, is none.
    package var exists: Bool { status.map { $0.st_mode & S_IFMT == S_IFREG && $0.st_size > 0 } ?? false }

    /// The target's type and permissions; nil when there is none.
    private var mode: mode_t? { status?.st_mode }

    private var status: stat? {
        var status = stat()
        return unsafe lstat(target.string, &status) == 0 ? status : nil
    }

    private var folder: FilePath { Self.folder(of: target) }

    private static func folder(of path: FilePath) -> FilePath {
        let folder = path.removingLastComponent()
        return folder.isEmpty ? "." : folder
    }

    /// Follows links to what they name, whether it exists or not: a new file is to take its place and not the link's.
    ///
    /// A link in /proc stands for what a process has open, a pipe or a file at a place of its own in it. What it names is
    /// only what that was called: it stays.
    private static func target(of path: FilePath) -> FilePath {
        var target = path
        // As many links as the kernel follows, path_resolution(7).
        for _ in 0..<40 {
            guard !isInProc(target),
                let next = try? FileManager.default.destinationOfSymbolicLink(atPath: target.string)
            else { break }
            // A path from the root on takes the place of the folder.
            target = target.removingLastComponent().pushing(FilePath(next))
        }
        return target
    }

    private static func isInProc(_ path: FilePath) -> Bool {
        guard let own = status(of: folder(of: path)), let proc = status(of: "/proc") else { return false }
        return own.st_dev == proc.st_dev
    }

    /// Of what a path leads to in the end.
    private static func status(of path: FilePath) -> stat? {
        var status = stat()
        return unsafe stat(path.string, &status) == 0 ? status : nil
    }

    private func replace(with text: String, _ permissions: FilePermissions) throws(Errno) {
        let partial = FilePath(target.string.newPartialPath())
        do throws(Errno) {
            try Self.write(text, to: partial, options: [.create, .exclusiveCreate], permissions)
            guard unsafe rename(partial.string, target.string) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            _ = unsafe unlink(partial.string)
            throw error
        }
    }

    private static func write(
        _ text: String, to path: FilePath, options: FileDescriptor.OpenOptions, _ permissions: FilePermissions? = nil
    ) throws(Errno) {
        do {
            let file = try FileDescriptor.open(path, .writeOnly, options: options, permissions: permissions)
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
