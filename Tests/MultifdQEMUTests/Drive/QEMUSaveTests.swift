import Foundation
import Logging
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
        private let occupied: String?
        private let initialStatus: String

        private struct State {
            var counts: [String: Int] = [:]
            var source: WorkerThread?
            var answer: [UInt8] = []
        }

        /// - Parameters:
        ///   - path: a directory that appears while the guest is sent.
        ///   - status: what it is in before.
        init(occupying path: String?, status: String = "running") {
            occupied = path
            initialStatus = status
        }

        func count(of command: String) -> Int { state.withLock { $0.counts[command] ?? 0 } }

        /// What it heard on the return path.
        var answer: [UInt8] { state.withLock { $0.answer } }

        func answer(
            _ command: String, _ id: Int, _ arguments: JSONValue?, refused: String, ends status: String
        ) -> String {
            let count = state.withLock { state in
                state.counts[command, default: 0] += 1
                return state.counts[command, default: 0]
            }
            // What is set is set once before, and once after.
            if command == refused, count > (["cont", "quit"].contains(command) ? 0 : 1) {
                return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not today\"}, \"id\": \(id)}"
            }
            let result =
                switch command {
                case "query-status": "{\"status\": \"\(isPaused ? "postmigrate" : initialStatus)\"}"
                case "query-migrate-capabilities":
                    "["
                        + ["multifd", "return-path"].map { "{\"capability\": \"\($0)\", \"state\": false}" }
                        .joined(separator: ",") + "]"
                case "query-migrate-parameters": "{\"max-bandwidth\": 5}"
                case "query-yank": "[]"
                case "query-uuid": "{\"UUID\": \"00000000-0000-0000-0000-000000000000\"}"
                case "query-migrate":
                    state.withLock { $0.source == nil } ? "{}" : "{\"status\": \"\(status)\", \"ram\": \(Self.ram)}"
                default: "{}"
                }
            if command == "migrate", let uri = arguments?["uri"]?.string { migrate(to: uri) }
            return "{\"return\": \(result), \"id\": \(id)}"
        }

        /// Nothing to compute with.
        private static let ram = "{\"remaining\": -1, \"dirty-pages-rate\": 4611686018427387904}"

        var isPaused: Bool { state.withLock { $0.source != nil && $0.counts["cont"] == nil } }

        private func occupy() {
            guard let occupied else { return }
            // A name that is in use is refused at the beginning.
            let url = URL(fileURLWithPath: occupied)
            let directory = url.deletingLastPathComponent().path
            for _ in 0..<1000 {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
                if names.contains(where: { $0.hasPrefix("\(url.lastPathComponent).partial") }) { break }
                usleep(10_000)
            }
            try? FileManager.default.createDirectory(atPath: occupied, withIntermediateDirectories: false)
        }

        /// Returns when the guest has been taken or refused.
        private func migrate(to uri: String) {
            let thread = WorkerThread(name: "source") { [self] in
                guard let uri = try? MigrationURI(parsing: uri), let source = try? ScriptedSource(to: uri) else {
                    return
                }
                try? SnapshotTests.sendGuest(source) { occupy() }
                let answer = try? source.receive(12)
                state.withLock { $0.answer = answer ?? [] }
                source.close()
            }
            thread.join()
            state.withLock { $0.source = thread }
        }
    }

    private static func save(
        in directory: ScratchDirectory, refused: String = "", ends status: String = "completed",
        _ afterwards: QEMUSaveOptions.Afterwards = .resume, guest: Guest = Guest(occupying: nil)
    ) throws -> (QEMUSave, QMPServer) {
        let server = try QMPServer(in: directory) { command, id, arguments in
            guest.answer(command, id, arguments, refused: refused, ends: status)
        }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        options.afterwards = afterwards
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
        #expect(save.info.ram.remaining == 0 && save.info.ram.dirtyPagesRate == 1 << 50)
        _ = server
    }

    @Test func `what is cancelled before it begins asks nothing of QEMU`() async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let (save, server) = try Self.save(in: directory, guest: guest)
        save.cancel()
        await #expect { try await save.run() } throws: { "\($0)" == "the migration was cancelled" }
        #expect(save.info.status == .cancelled)
        for command in ["migrate-set-capabilities", "migrate-set-parameters", "migrate"] {
            #expect(guest.count(of: command) == 0)
        }
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

    /// Over another QMP socket, for example.
    @Test func `a migration of somebody else who was quicker is left alone`() async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let server = try QMPServer(in: directory) { command, id, arguments in
            switch command {
            case "migrate":
                return #"{"error": {"class": "GenericError", "desc": "one is in progress"}, "id": \#(id)}"#
            case "query-migrate" where guest.count(of: "migrate-set-capabilities") > 0:
                return #"{"return": {"status": "active"}, "id": \#(id)}"#
            default: return guest.answer(command, id, arguments, refused: "", ends: "")
            }
        }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        let save = try QEMUSave(
            qmp: server.listener.uri, to: "\(directory.path)/vm", options: options, logger: silent)
        await #expect { try await save.run() } throws: {
            "\($0)" == "QEMU refused 'migrate': one is in progress (GenericError)"
        }
        #expect(guest.count(of: "migrate_cancel") == 0 && guest.count(of: "cont") == 0)
        #expect(guest.count(of: "migrate-set-capabilities") == 2 && guest.count(of: "migrate-set-parameters") == 2)
        _ = server
    }

    @Test func `a QEMU that is not to be ended has its settings back`() async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let (save, server) = try Self.save(in: directory, refused: "quit", .quit, guest: guest)
        await #expect { try await save.run() } throws: { "\($0)".contains("not today") }
        #expect(guest.count(of: "migrate-set-capabilities") == 2 && guest.count(of: "migrate-set-parameters") == 2)
        _ = server
    }

    /// QEMU does what it is told, and its answer does not come: a proxy has ended, or a tunnel.
    private static func save(
        in directory: ScratchDirectory, _ guest: Guest, losing command: String, forEver: Bool = false,
        logger: Logger = silent
    ) throws -> (QEMUSave, QMPServer) {
        let isLost = Atomic(false)
        let server = try QMPServer(in: directory) { asked, id, arguments in
            let answer = guest.answer(asked, id, arguments, refused: "", ends: "completed")
            let isDue = !command.hasPrefix("query") || guest.count(of: "migrate") > 0
            guard asked == command, isDue, !isLost.exchange(true, ordering: .relaxed) else { return answer }
            if forEver { _ = unsafe unlink("\(directory.path)/qmp") }
            return nil
        }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        return (
            try QEMUSave(
                qmp: server.listener.uri, to: "\(directory.path)/vm", options: options, logger: logger), server
        )
    }

    @Test(arguments: [
        ("migrate-set-capabilities", false), ("migrate-set-parameters", false), ("migrate", false),
        ("query-migrate", true), ("query-yank", true), ("cont", true),
    ])
    func `a connection that is lost leaves neither a paused guest nor changed settings`(
        command: String, isSaved: Bool
    ) async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let (save, server) = try Self.save(in: directory, guest, losing: command)
        if isSaved {
            try await save.run()
        } else {
            await #expect { try await save.run() } throws: {
                "\($0)"
                    == "the QMP connection was closed before QEMU answered '\(command)': it has ended, or what leads to it"
            }
        }
        #expect(directory.names.contains("vm") == isSaved)
        #expect(!guest.isPaused)
        #expect(guest.count(of: "migrate-set-capabilities") == 2)
        #expect(guest.count(of: "migrate-set-parameters") == (command == "migrate-set-capabilities" ? 0 : 2))
        _ = server
    }

    /// One that is stopped, for example: each of several commands was waited for as long as for any.
    @Test(arguments: [1, 2])
    func `a save that is cancelled does not wait for a QEMU that hangs, and says what may be left`(
        cancelCount: Int
    ) async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let hung = Mutex<[String]>([])
        let isReleased = Atomic(false)
        let isBegun = Atomic(false)
        let log = CollectedLog()
        let server = try QMPServer(in: directory) { command, id, arguments in
            if command == "migrate" {
                isBegun.store(true, ordering: .relaxed)
                return "{\"return\": {}, \"id\": \(id)}"
            }
            guard isBegun.load(ordering: .relaxed) else {
                return guest.answer(command, id, arguments, refused: "", ends: "completed")
            }
            hung.withLock { $0.append(command) }
            while !isReleased.load(ordering: .relaxed) { usleep(10_000) }
            return nil
        }
        defer { isReleased.store(true, ordering: .relaxed) }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        let save = try QEMUSave(
            qmp: server.listener.uri, to: "\(directory.path)/vm", options: options, logger: log.logger)
        let saving = Task { try await save.run() }
        while hung.withLock(\.isEmpty) { usleep(10_000) }
        for _ in 0..<cancelCount { save.cancel() }
        await #expect { try await saving.value } throws: {
            "\($0)".hasPrefix("the migration was cancelled; QEMU cannot be asked any more")
                && "\($0)".hasSuffix("may be paused: let it run ('cont')")
        }
        #expect(hung.withLock { $0 } == ["query-migrate"] && log.lines == [])
        #expect(save.info.status == .cancelled)
    }

    @Test(arguments: ["query-migrate", "cont"])
    func `what becomes of a guest whose QEMU cannot be asked any more is told`(command: String) async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil)
        let log = CollectedLog()
        let (save, server) = try Self.save(in: directory, guest, losing: command, forEver: true, logger: log.logger)
        await #expect { try await save.run() } throws: {
            "\($0)"
                == "the guest is saved and the snapshot is complete, but QEMU was not left as it was: the connection to QEMU "
                + "was closed before it answered '\(command)', and there is no other: it has ended, or crashed, and its "
                + "standard error may say why; if it lives, its migration settings are changed, and its guest may be paused: "
                + "let it run ('cont')"
        }
        #expect(log.lines == [], "one sentence says it all")
        try Snapshot(path: "\(directory.path)/vm").verify()
        _ = server
    }

    /// A snapshot that cannot get its name shows who is told before that: the source of a guest that runs on.
    /// One that is paused does not wait for it.
    @Test(arguments: [
        (QEMUSaveOptions.Afterwards.resume, "running", UInt8(0)), (.resume, "paused", 1), (.leavePaused, "running", 1),
        (.quit, "running", 1),
    ])
    func `a guest is given away when it is stored, and paused no longer than until it has come when it is not`(
        afterwards: QEMUSaveOptions.Afterwards, status: String, code: UInt8
    ) async throws {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: "\(directory.path)/vm", status: status)
        let (save, server) = try Self.save(in: directory, afterwards, guest: guest)
        await #expect { try await save.run() } throws: { "\($0)".contains("rename the complete snapshot to") }
        // Behind the word that its version would wait for with switchover-ack.
        #expect(guest.answer == [0, 7, 0, 0, 0, 1, 0, 4, 0, 0, 0, code])
        #expect(guest.count(of: "cont") == (status == "running" ? 1 : 0) && guest.count(of: "quit") == 0)
        #expect(directory.names.filter { $0.hasPrefix("vm") } == ["vm"])
        _ = server
    }

    @Test func `a paused guest does not run for a failure, and the state that QEMU leaves it in is told`() async throws
    {
        let directory = try ScratchDirectory()
        let guest = Guest(occupying: nil, status: "paused")
        let (save, server) = try Self.save(in: directory, ends: "failed", guest: guest)
        await #expect { try await save.run() } throws: {
            "\($0)".hasPrefix("QEMU could not migrate its guest: it was failed; ") && "\($0)".contains("'postmigrate'")
        }
        #expect(guest.count(of: "cont") == 0)
        _ = server
    }

    @Test(arguments: [
        (false, 0, "give a larger --downtime-limit or --auto-converge"),
        (true, 1 << 20, "give a larger --downtime-limit or a higher --max-bandwidth"),
    ])
    func `a save that takes too long is not advised to do what it does`(
        isThrottled: Bool, bandwidth: Int, advice: String
    ) async throws {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            let status = commands.withLock { commands in
                commands.append(command)
                return commands.contains("migrate_cancel")
                    ? "cancelled" : commands.contains("migrate") ? "active" : "none"
            }
            let result =
                switch command {
                case "query-status": #"{"status": "running"}"#
                case "query-migrate-capabilities":
                    "["
                        + ["return-path", "auto-converge"].map { #"{"capability": "\#($0)", "state": false}"# }
                        .joined(separator: ",") + "]"
                case "query-migrate-parameters": #"{"throttle-trigger-threshold": 50}"#
                case "query-migrate": #"{"status": "\#(status)"}"#
                case "query-yank": "[]"
                default: "{}"
                }
            return #"{"return": \#(result), "id": \#(id)}"#
        }
        var options = QEMUSaveOptions()
        options.usesMultifd = false
        var parameters = MigrationParameters()
        parameters.timeout = .milliseconds(1)
        parameters.autoConverge = isThrottled
        parameters.throttle.policy = .dynamic
        parameters.maxBandwidth = bandwidth
        let save = try QEMUSave(
            qmp: server.listener.uri, to: "\(directory.path)/vm", parameters: parameters, options: options,
            logger: silent)
        await #expect { try await save.run() } throws: { "\($0)".hasSuffix(advice) }
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

    @Test func `what QEMU is to encrypt does not go over a network in the clear`() async throws {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            commands.withLock { $0.append(command) }
            return switch command {
            case "query-status": "{\"return\": {\"status\": \"running\"}, \"id\": \(id)}"
            case "query-migrate-capabilities":
                "{\"return\": ["
                    + ["multifd", "return-path"].map { "{\"capability\": \"\($0)\", \"state\": false}" }
                    .joined(separator: ",") + "], \"id\": \(id)}"
            case "query-migrate-parameters": "{\"return\": {\"tls-creds\": \"tls0\"}, \"id\": \(id)}"
            default: "{\"return\": {}, \"id\": \(id)}"
            }
        }
        var options = QEMUSaveOptions()
        options.uri = .tcp(host: "127.0.0.1", port: 0)
        let save = try QEMUSave(
            qmp: server.listener.uri, to: "\(directory.path)/vm", options: options, logger: silent)
        await #expect { try await save.run() } throws: { "\($0)".contains("tls-creds 'tls0'") }
        #expect(!commands.withLock { $0.contains { $0.hasPrefix("migrate") } })
    }

    @Test(arguments: ["xbzrle", "verify-memory", "vcpu-dirty-limit", "throttle-policy", "multifd-zstd-level"])
    func `what QEMU cannot do while it saves is refused before it is asked`(name: String) throws {
        var parameters = MigrationParameters()
        parameters.xbzrle = name == "xbzrle"
        parameters.verifyMemory = name == "verify-memory"
        parameters.vcpuDirtyLimit = name == "vcpu-dirty-limit" ? 10 : nil
        parameters.autoConverge = name == "throttle-policy"
        parameters.multifdZstdLevel = name == "multifd-zstd-level" ? -1 : 1
        let directory = try ScratchDirectory()
        #expect {
            try QEMUSave(qmp: .unix(path: "/none"), to: "\(directory.path)/vm", parameters: parameters, logger: silent)
        } throws: {
            guard case QEMUError.transfer(.parameter) = $0 else { return false }
            return "\($0)".hasPrefix("Parameter '\(name)' ")
        }
    }
}
