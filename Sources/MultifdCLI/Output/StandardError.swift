import SystemPackage

/// Text for people, whatever becomes of standard output.
enum StandardError {
    /// Writes a line. A reader that has gone away is no reason to fail.
    static func write(_ line: String) {
        _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
    }
}
