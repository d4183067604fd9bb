/// Why a document cannot be used.
enum DocumentError: Error, CustomStringConvertible {
    case unreadable(path: String)
    case unrecognised(path: String, command: String)

    var description: String {
        switch self {
        case .unreadable(let path): "cannot read '\(path)': give a file that exists and may be read"
        case .unrecognised(let path, let command): "'\(path)' is not what `\(command)` of this version writes"
        }
    }
}
