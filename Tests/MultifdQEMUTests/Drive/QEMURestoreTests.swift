import Multifd
import MultifdQEMU
import Synchronization
import Testing

/// `qemu restore` against a QEMU that does what a test tells it to.
@Suite struct QEMURestoreTests {
    @Test(arguments: [
        ("{\"status\": \"failed\", \"error-desc\": \"no\"}", "tries only once: start it anew"),
        ("{\"status\": \"setup\"}", "waits for a guest at an address already: start it anew, with -incoming defer"),
        // QEMU 7.2
        ("{\"socket-address\": []}", "waits for a guest at an address already: start it anew, with -incoming defer"),
    ])
    func `a QEMU that is not to be told where to listen any more is left as it is`(report: String, sentence: String)
        async throws
    {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            commands.withLock { $0.append(command) }
            let answer =
                switch command {
                case "query-status": "{\"status\": \"inmigrate\"}"
                case "query-migrate": report
                default: "{}"
                }
            return "{\"return\": \(answer), \"id\": \(id)}"
        }
        let restore = try QEMURestore(
            snapshot: try await SnapshotTests.make(in: directory), qmp: server.listener.uri, logger: silent)
        await #expect { try await restore.run() } throws: { "\($0)".contains(sentence) }
        #expect(commands.withLock { $0.allSatisfy { $0.hasPrefix("query-") } })
    }
}
