import Foundation

extension JSONDocument {
    /// Reads a document that this program wrote before.
    ///
    /// - Parameter command: what wrote it, for the error.
    static func read<Value: Decodable>(
        _ type: Value.Type, from path: String, writtenBy command: String
    ) throws -> Value {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw DocumentError.unreadable(path: path)
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw DocumentError.foreign(path: path, command: command)
        }
    }
}

/// Why a document cannot be used.
enum DocumentError: Error, CustomStringConvertible {
    case unreadable(path: String)
    case foreign(path: String, command: String)

    var description: String {
        switch self {
        case .unreadable(let path): "cannot read '\(path)': give a file that exists and may be read"
        case .foreign(let path, let command): "'\(path)' is not what `\(command)` of this version writes"
        }
    }
}
