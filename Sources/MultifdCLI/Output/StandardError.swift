import SystemPackage

/// Where people are told what is not the command's result.
enum StandardError {
    /// Writes a line at once. What cannot be told here cannot be told anywhere.
    static func writeLine(_ line: String) {
        _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
    }
}
