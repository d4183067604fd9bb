import SystemPackage

extension FileDescriptor {
    /// Writes a line at once, where `print` would keep it until much has gathered when its reader is a program. A reader
    /// that has gone away is no reason to fail.
    func writeLine(_ line: String) {
        _ = try? writeAll("\(line)\n".utf8)
    }
}
