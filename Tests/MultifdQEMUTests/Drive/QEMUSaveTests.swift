import Foundation
import Multifd
import MultifdQEMU
import Synchronization
import Testing

/// `qemu save` against a QEMU that does what a test tells it to.
@Suite struct QEMUSaveTests {
    /// A QEMU with a guest that can be saved, which refuses a command from its `refusedFrom`-th time on, or says that its
    /// migration has failed.
    private final class Guest: Sendable {
        private let state = Mutex(State())

        private struct State {
            var counts: [String: Int] = [:]
            var source: WorkerThread?
        }

        func answer(
            _ command: String, _ id: Int, _ arguments: JSONValue?, refused: String, ends status: String
        ) -> String {
            let count = state.withLock { state in
                state.counts[command, default: 0] += 1
                return state.counts[command, default: 0]
            }
            // What is set is set once before, and once after.
            if command == refused, count > (command == "cont" ? 0 : 1) {
                return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not today\"}, \"id\": \(id)}"
            }
            let result =
                switch command {
                case "query-status": "{\"status\": \"running\"}"
                case "query-migrate-capabilities":
                    "["
                        + ["multifd", "return-path"].map { "{\"capability\": \"\($0)\", \"state\": false}" }
                        .joined(separator: ",") + "]"
                case "query-migrate-parameters": "{\"max-bandwidth\": 5}"
                case "query-yank": "[]"
                case "query-uuid": "{\"UUID\": \"00000000-0000-0000-0000-000000000000\"}"
                case "query-migrate": state.withLock { $0.source == nil } ? "{}" : "{\"status\": \"\(status)\"}"
                default: "{}"
                }
            if command == "migrate", let uri = arguments?["uri"]?.string { migrate(to: uri) }
            return "{\"return\": \(result), \"id\": \(id)}"
        }

        /// Returns when the guest has been stored.
        private func migrate(to uri: String) {
            let thread = WorkerThread(name: "source") {
                guard let uri = try? MigrationURI(parsing: uri), let source = try? ScriptedSource(to: uri) else {
                    return
                }
                try? SnapshotTests.send(source)
                source.close()
            }
            thread.join()
            state.withLock { $0.source = thread }
        }
    }

    private static func save(
        in directory: ScratchDirectory, refused: String = "", ends status: String = "completed"
    ) throws -> (QEMUSave, QMPServer) {
        let guest = Guest()
        let server = try QMPServer(in: directory) { command, id, arguments in
            guest.answer(command, id, arguments, refused: refused, ends: status)
        }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        return (
            try QEMUSave(
                qmp: server.listener.uri, to: "\(directory.path)/vm", options: options, logger: silent), server
        )
    }

    @Test(arguments: ["cont", "migrate-set-capabilities", "migrate-set-parameters"])
    func `what fails after the guest is saved is told, and the snapshot kept`(command: String) async throws {
        let directory = try ScratchDirectory()
        let (save, server) = try Self.save(in: directory, refused: command)
        await #expect { try await save.run() } throws: {
            "\($0)".contains("the snapshot is complete, but") && "\($0)".contains("not today")
        }
        try Snapshot(path: "\(directory.path)/vm").verify()
        _ = server
    }

    @Test(arguments: ["failed", "cancelled"])
    func `a guest that QEMU keeps leaves no snapshot, even where all of it has come`(status: String) async throws {
        let directory = try ScratchDirectory()
        let (save, server) = try Self.save(in: directory, ends: status)
        await #expect(throws: QEMUError.self) { try await save.run() }
        #expect(!directory.names.contains { $0.hasPrefix("vm") })
        _ = server
    }

    @Test func `a QEMU without multifd, older than all that is asked of it, is told from others`() async throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { command, id, _ in
            switch command {
            case "query-status": "{\"return\": {\"status\": \"running\"}, \"id\": \(id)}"
            case "query-migrate-capabilities":
                "{\"return\": [{\"capability\": \"return-path\", \"state\": false}], \"id\": \(id)}"
            case "query-migrate-parameters": "{\"return\": {}, \"id\": \(id)}"
            default: "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"unknown\"}, \"id\": \(id)}"
            }
        }
        let save = try QEMUSave(qmp: server.listener.uri, to: "\(directory.path)/vm", logger: silent)
        await #expect { try await save.run() } throws: { "\($0)".contains("no capability 'multifd': use --no-multifd") }
    }

    @Test(arguments: ["xbzrle", "verify-memory", "vcpu-dirty-limit", "throttle-policy"])
    func `what QEMU cannot do while it saves is refused before it is asked`(name: String) throws {
        var parameters = MigrationParameters()
        parameters.xbzrle = name == "xbzrle"
        parameters.verifyMemory = name == "verify-memory"
        parameters.vcpuDirtyLimit = name == "vcpu-dirty-limit" ? 10 : nil
        parameters.autoConverge = name == "throttle-policy"
        let directory = try ScratchDirectory()
        #expect {
            try QEMUSave(qmp: .unix(path: "/none"), to: "\(directory.path)/vm", parameters: parameters, logger: silent)
        } throws: {
            guard case QEMUError.transfer(.parameter) = $0 else { return false }
            return "\($0)".hasPrefix("Parameter '\(name)' ")
        }
    }
}
