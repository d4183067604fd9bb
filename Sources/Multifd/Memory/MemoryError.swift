public import SystemPackage

/// Why guest memory could not be set up.
public enum MemoryError: Error, Equatable {
    /// A RAMBlock's size is zero or no multiple of the page size. Sizes in bytes.
    case sizeNotPageMultiple(name: String, byteCount: Int)
    /// Memory that a guest brought does not begin at a page boundary.
    case misaligned(name: String)
    /// A RAMBlock's name is empty, longer than 255 bytes of UTF-8, or has a NUL in it.
    case invalidBlockName(String)
    /// Two RAMBlocks have the same name.
    case duplicateBlockName(String)
    /// A guest without memory cannot be migrated.
    case noBlocks
    /// The kernel refused to map memory for something, such as `RAMBlock 'ram'`.
    case mappingFailed(name: String, byteCount: Int, Errno)
    /// A guest has been sent in more iterations than a recording holds.
    case recordingFull(iterations: Int)
    /// A file that holds, or is to hold, guest memory could not be used.
    case file(path: String, operation: String, Errno)
}

extension MemoryError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .sizeNotPageMultiple(let name, let byteCount):
            "'\(name)' has \(byteCount) bytes, but guest memory is a positive multiple of the page size, "
                + "\(Page.byteCount) bytes: pad or cut it"
        case .misaligned(let name):
            "the memory of '\(name)' does not begin at a page boundary: align it to \(Page.byteCount) bytes"
        case .invalidBlockName(let name):
            "the RAMBlock name '\(name.replacing("\0", with: "\\0"))' is empty, longer than 255 bytes, or has a NUL in "
                + "it: choose a name of 1 to 255 bytes without one"
        case .duplicateBlockName(let name):
            "two RAMBlocks are named '\(name)', and the destination finds a block by its name: "
                + "give each a name of its own"
        case .noBlocks:
            "the guest has no RAMBlock: there is nothing to migrate"
        case .mappingFailed(let name, let byteCount, let errno):
            "cannot map \(byteCount) bytes for \(name): \(errno)"
        case .recordingFull(let count):
            "a recording holds \(count) iterations, and more come: receive the guest without --record, or have it converge "
                + "sooner, by auto-converge or a longer downtime-limit"
        case .file(let path, let operation, .tooManyOpenFiles):
            "cannot \(operation) '\(path)': \(Errno.tooManyOpenFiles); allow more descriptors (ulimit -n)"
        case .file(let path, let operation, let errno):
            "cannot \(operation) '\(path)': \(errno)"
        }
    }
}
