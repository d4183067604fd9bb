import Multifd
import MultifdQEMU
import Synchronization
import Testing

/// `qemu save` of a guest that somebody else pauses, or lets run, while it is saved.
@Suite struct PausedMeanwhileTests {
    /// A QEMU whose migration fails after a while, and calls its guest `postmigrate` then.
    private struct State {
        var status: String
        /// Answers that the migration is active; nil before it is begun.
        var answers: Int?
        var commands: [String] = []
    }

    @Test(arguments: [("running", "paused", 0), ("paused", "running", 1), ("running", "finish-migrate", 1)])
    func `a guest is left as somebody else wants it`(before: String, meanwhile: String, times: Int) async throws {
        let directory = try ScratchDirectory()
        let state = Mutex(State(status: before))
        let server = try QMPServer(in: directory) { command, id, _ in
            let answer = state.withLock { state in
                state.commands.append(command)
                switch command {
                case "migrate":
                    state.answers = 0
                    state.status = meanwhile
                    return "{}"
                case "query-migrate":
                    guard let answers = state.answers else { return "{}" }
                    state.answers = answers + 1
                    if answers >= 3 { state.status = "postmigrate" }
                    return "{\"status\": \"\(answers < 3 ? "active" : "failed")\"}"
                case "query-status": return "{\"status\": \"\(state.status)\"}"
                case "query-migrate-capabilities":
                    return "[{\"capability\": \"return-path\", \"state\": false},"
                        + "{\"capability\": \"multifd\", \"state\": false}]"
                case "query-yank": return "[]"
                default: return "{}"
                }
            }
            return "{\"return\": \(answer), \"id\": \(id)}"
        }
        let save = try QEMUSave(qmp: server.listener.uri, to: "\(directory.path)/vm", logger: silent)
        await #expect(throws: QEMUError.self) { try await save.run() }
        #expect(state.withLock { $0.commands.count { $0 == "cont" } } == times)
        _ = server
    }
}
