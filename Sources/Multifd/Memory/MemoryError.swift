public import SystemPackage

/// Why guest memory could not be set up.
public enum MemoryError: Error, Equatable {
    /// A RAMBlock's size is zero or no multiple of the page size. Sizes in bytes.
    case sizeNotPageMultiple(name: String, byteCount: Int)
    /// Two RAMBlocks have the same name, or a name is empty or longer than 255 bytes of UTF-8.
    case invalidBlockName(String)
    /// A guest without memory cannot be migrated.
    case noBlocks
    /// The kernel refused to map memory.
    case mappingFailed(name: String, byteCount: Int, Errno)
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
        case .invalidBlockName(let name):
            "the RAMBlock name '\(name)' is empty, longer than 255 bytes, or used twice: name each block once"
        case .noBlocks:
            "the guest has no RAMBlock: there is nothing to migrate"
        case .mappingFailed(let name, let byteCount, let errno):
            "cannot map \(byteCount) bytes for '\(name)': \(errno)"
        case .file(let path, let operation, let errno):
            "cannot \(operation) '\(path)': \(errno)"
        }
    }
}
