import SystemPackage

/// What another program holds a command by.
enum StandardInput {
    /// Returns when it ends, or cannot be read.
    static func waitForEnd() {
        var byte: [UInt8] = [0]
        while let count = try? unsafe byte.withUnsafeMutableBytes({
            try unsafe FileDescriptor.standardInput.read(into: $0)
        }), count > 0 {}
    }
}
