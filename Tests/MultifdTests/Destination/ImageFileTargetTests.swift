import Multifd
import Testing

@Suite struct ImageFileTargetTests {
    /// Better now than when all of a guest has come.
    @Test func `a path at which no file can be is refused at once`() throws {
        let folder = try TemporaryFolder()
        for path in ["", folder.path, folder.path + "/", folder.path + "/none/", folder.path + "/none/file", "none/"] {
            #expect(throws: MemoryError.self, "\(path)") { try ImageFileTarget(path: path) }
        }
        _ = try ImageFileTarget(path: folder.path + "/file")
        #expect(folder.contents.isEmpty)
    }
}
