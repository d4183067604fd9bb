import Foundation

/// A directory that goes with its test.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path = "\(NSTemporaryDirectory())multifd-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// What is in it, hidden files as well.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}
