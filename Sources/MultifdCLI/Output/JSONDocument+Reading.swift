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
            throw DocumentError.unrecognised(path: path, command: command)
        }
    }
}
