/// Why a `SOURCE` stands for no guest.
enum SourceGuestError: Error, Equatable {
    case directoryEmpty(path: String)
}

extension SourceGuestError: CustomStringConvertible {
    var description: String {
        switch self {
        case .directoryEmpty(let path):
            "the directory '\(path)' holds no image: give one with a file for each RAMBlock"
        }
    }
}
