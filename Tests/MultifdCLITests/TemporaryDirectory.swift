import Foundation
import Testing

/// A directory that is gone after a test.
final class TemporaryDirectory {
    private let url = FileManager.default.temporaryDirectory.appendingPathComponent("multifd-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    func contents(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }

    /// Waits until there are at least so many files; a minute is far more than any of them takes.
    func waitForFiles(count: Int) throws {
        for _ in 0..<60_000 where try names.count < count { usleep(1000) }
        #expect(try names.count >= count)
    }

    /// A file of pages, of which every third is zero and the others differ from each other.
    func makeImage(_ name: String, pageCount: Int) throws -> String {
        var data = Data(count: pageCount * 4096)
        for page in 0..<pageCount where page % 3 != 0 {
            for index in stride(from: 0, to: 4096, by: 7) {
                data[page * 4096 + index] = UInt8(truncatingIfNeeded: page &* 31 &+ index)
            }
        }
        try data.write(to: url.appendingPathComponent(name))
        return path(name)
    }
}
