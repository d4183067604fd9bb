import Multifd
import MultifdQEMU
import Testing

/// `qemu restore` against a QEMU that does what a test tells it to.
@Suite struct QEMURestoreTests {
    /// A QEMU that waits for a guest, hangs up on whoever brings one, and then says nothing more or has ended.
    @Test(arguments: [(true, "it hangs, and must be ended"), (false, "it has ended, and its standard error says why")])
    func `a QEMU that hangs is told from one that has ended`(hangs: Bool, says: String) async throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { command, id, _ in
            switch command {
            case "query-status": return "{\"return\": {\"status\": \"inmigrate\"}, \"id\": \(id)}"
            case "query-migrate-capabilities":
                return "{\"return\": [{\"capability\": \"multifd\", \"state\": false}], \"id\": \(id)}"
            case "query-migrate":
                if hangs { Patience.sleep(for: .seconds(6)) }
                return nil
            default: return "{\"return\": {}, \"id\": \(id)}"
            }
        }
        let listener = try Listener(on: .unix(path: "\(directory.path)/in"))
        let qemu = WorkerThread(name: "qemu") { _ = listener.accept(within: .seconds(10)) }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, usesMultifd: false,
            uri: listener.uri, logger: silent)
        await #expect { try await restore.run() } throws: { "\($0)".contains(says) }
        qemu.join()
    }
}
