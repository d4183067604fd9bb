import Foundation

extension JSONDocument {
    /// Several times what a migration of millions of iterations writes; a device may have no end.
    private static let byteLimit = 1 << 30

    /// Reads a document that this program wrote before.
    ///
    /// - Parameter command: what wrote it, for the error.
    static func read<Value: Decodable>(
        _ type: Value.Type, from path: String, writtenBy command: String
    ) throws -> Value {
        let data: Data
        do {
            // Of a pipe, as a shell's `<(command)` is one, `Data(contentsOf:)` makes nothing.
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            data = try file.read(upToCount: byteLimit) ?? Data()
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
