import SystemPackage

/// Why a `SOURCE` stands for no guest.
enum SourceGuestError: Error, Equatable {
    case directoryEmpty(path: String)
    case directoryUnreadable(path: String, Errno)
    /// A snapshot without its manifest.
    case incompleteSnapshot(path: String)
}

extension SourceGuestError: CustomStringConvertible {
    var description: String {
        switch self {
        case .directoryEmpty(let path):
            "the directory '\(path)' holds no image: give one with a file for each RAMBlock"
        case .directoryUnreadable(let path, let errno):
            "cannot read the directory '\(path)': \(errno)"
        case .incompleteSnapshot(let path):
            "'\(path)' is an incomplete snapshot: without the manifest.json that is missing nobody knows what its files are; "
                + "save the guest again"
        }
    }
}
