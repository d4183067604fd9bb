/// Why there is no document of one end of a migration, `source` or `destination`.
enum MigrationPairError: Error {
    case noDocument(end: String, lastLine: String?)
    case undecodable(end: String, any Error)
}

extension MigrationPairError: CustomStringConvertible {
    /// A sentence with what was found.
    var description: String {
        switch self {
        case .noDocument(let end, let line):
            "the \(end) ended without its report; the last it said was: \(line ?? "nothing")"
        case .undecodable(let end, let error): "the \(end)'s report cannot be decoded: \(error)"
        }
    }
}
