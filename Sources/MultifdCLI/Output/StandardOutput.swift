import SystemPackage

/// Where a command's result goes.
enum StandardOutput {
    /// Writes a line at once, where `print` would keep it until much has gathered when its reader is a program. A reader
    /// that has gone away has seen enough; a full disk is told.
    static func writeLine(_ line: String) throws(ReportFileError) {
        do {
            try write("\(line)\n")
        } catch .unwritable(_, .brokenPipe) {
        }
    }

    static func write(_ text: String) throws(ReportFileError) {
        do {
            _ = try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch {
            throw .unwritable(path: "/dev/stdout", error as? Errno ?? .ioError)
        }
    }
}
