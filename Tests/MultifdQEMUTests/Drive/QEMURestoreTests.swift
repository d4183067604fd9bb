import Foundation
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

    /// It tries only once.
    @Test(arguments: [false, true])
    func `a QEMU that waits is told nothing when the snapshot is damaged, or nobody wants it any more`(
        isCancelled: Bool
    ) async throws {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            commands.withLock { $0.append(command) }
            let answer =
                switch command {
                case "query-status": "{\"status\": \"inmigrate\"}"
                case "query-migrate-capabilities": "[{\"capability\": \"multifd\", \"state\": false}]"
                default: "{}"
                }
            return "{\"return\": \(answer), \"id\": \(id)}"
        }
        let snapshot = try await SnapshotTests.make(in: directory)
        let restore = try QEMURestore(snapshot: snapshot, qmp: server.listener.uri, logger: silent)
        if isCancelled {
            restore.cancel()
        } else {
            let file = try FileHandle(
                forUpdating: URL(fileURLWithPath: "\(snapshot.path)/\(snapshot.manifest.ramBlocks[0].file)"))
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: 0)
            try file.write(contentsOf: Data([~byte]))
        }
        await #expect { try await restore.run() } throws: { error in
            isCancelled
                ? "\(error)" == "the migration was cancelled" : "\(error)".contains(snapshot.manifest.ramBlocks[0].hash)
        }
        #expect(restore.info.status == (isCancelled ? .cancelled : .failed))
        // Comparing takes long where there is much.
        let comparisons = await restore.events.reduce(into: [Double]()) { found, event in
            if case .comparison(let share) = event { found.append(share) }
        }
        #expect(comparisons.first == 0)
        #expect(commands.withLock { $0.allSatisfy { $0.hasPrefix("query-") || $0 == "qom-get" } })
    }

    /// Comparing hashes takes long, and a QEMU that has been told where to listen must be started anew.
    @Test func `a task that is cancelled ends it before QEMU is told anything`() async throws {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            commands.withLock { $0.append(command) }
            return "{\"return\": {\"status\": \"\(command == "query-status" ? "inmigrate" : "none")\"}, \"id\": \(id)}"
        }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, usesMultifd: false,
            logger: silent)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await restore.run()
        }
        task.cancel()
        await #expect { try await task.value } throws: { "\($0)" == "the migration was cancelled" }
        #expect(restore.info.status == .cancelled)
        #expect(commands.withLock { $0.allSatisfy { $0.hasPrefix("query-") || $0 == "qom-get" } })
    }

    /// What its guest is at is not known then.
    @Test func `a QEMU that is lost when it has its guest is reported as a failure`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 0)
        let isListening = Atomic(false)
        let server = try QMPServer(in: directory) { command, id, _ in
            if command == "migrate-incoming" { isListening.store(true, ordering: .relaxed) }
            guard command != "query-status" || !isListening.load(ordering: .relaxed) else { return nil }
            return "{\"return\": {\"status\": \"\(command == "query-status" ? "inmigrate" : "none")\"}, \"id\": \(id)}"
        }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, usesMultifd: false,
            uri: qemu.uri, logger: silent)
        await #expect(throws: QEMUError.self) { try await restore.run() }
        #expect(restore.info.status == .failed)
        #expect(restore.info.errorDescription?.contains("QMP") == true)
    }

    /// One in a container, whose QMP goes over TCP.
    @Test func `a QEMU that listens where nobody here can reach it is told from one that does not`() async throws {
        let directory = try ScratchDirectory()
        let commands = Mutex<[String]>([])
        let server = try QMPServer(in: directory) { command, id, _ in
            let isListening = commands.withLock { commands in
                commands.append(command)
                return commands.contains("migrate-incoming")
            }
            let answer =
                switch command {
                case "query-status": "{\"status\": \"inmigrate\"}"
                case "query-migrate-capabilities": "[{\"capability\": \"multifd\", \"state\": false}]"
                case "query-migrate": isListening ? "{\"status\": \"setup\"}" : "{}"
                case "query-yank": "[{\"type\": \"migration\"}]"
                default: "{}"
                }
            return "{\"return\": \(answer), \"id\": \(id)}"
        }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri,
            uri: .unix(path: "\(directory.path)/elsewhere"), logger: silent)
        await #expect { try await restore.run() } throws: {
            "\($0)".hasPrefix("QEMU waits for its guest at unix:\(directory.path)/elsewhere, which cannot be reached")
                && "\($0)".contains("--listen")
        }
        // It has nothing to wind up.
        #expect(commands.withLock { !$0.contains("query-yank") && $0.count { $0 == "migrate-set-capabilities" } == 1 })
    }

    @Test func `a QEMU that hangs before it is told anything is not waited for when nobody wants its guest`()
        async throws
    {
        let directory = try ScratchDirectory()
        let isAsked = Atomic(false)
        let isReleased = Atomic(false)
        let server = try QMPServer(in: directory) { command, id, _ in
            guard command == "query-status" else { return "{\"return\": {}, \"id\": \(id)}" }
            isAsked.store(true, ordering: .relaxed)
            while !isReleased.load(ordering: .relaxed) { usleep(10_000) }
            return nil
        }
        defer { isReleased.store(true, ordering: .relaxed) }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, logger: silent)
        let restoring = Task { try await restore.run() }
        while !isAsked.load(ordering: .relaxed) { usleep(10_000) }
        restore.cancel()
        await #expect { try await restoring.value } throws: { "\($0)" == "the migration was cancelled" }
        #expect(restore.info.status == .cancelled)
    }

    /// A QEMU that waits for a guest, hangs up on whoever brings one, and then says nothing more or has ended.
    @Test(arguments: [(true, "it hangs, and must be ended"), (false, "it has ended, and its standard error says why")])
    func `a QEMU that hangs is told from one that has ended`(hangs: Bool, says: String) async throws {
        let directory = try ScratchDirectory()
        let asked = Atomic(0)
        let server = try QMPServer(in: directory) { command, id, _ in
            switch command {
            case "query-status": return "{\"return\": {\"status\": \"inmigrate\"}, \"id\": \(id)}"
            case "query-migrate-capabilities":
                return "{\"return\": [{\"capability\": \"multifd\", \"state\": false}], \"id\": \(id)}"
            // Whether it has failed before.
            case "query-migrate" where asked.add(1, ordering: .relaxed).oldValue == 0:
                return "{\"return\": {}, \"id\": \(id)}"
            case "query-migrate":
                if hangs { Patience.sleep(for: .seconds(6)) }
                return nil
            default: return "{\"return\": {}, \"id\": \(id)}"
            }
        }
        let listener = try Listener(on: .unix(path: "\(directory.path)/in"))
        let qemu = WorkerThread(name: "qemu") { _ = try? listener.accept(within: .seconds(10)) }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, usesMultifd: false,
            uri: listener.uri, logger: silent)
        await #expect { try await restore.run() } throws: { "\($0)".contains(says) }
        qemu.join()
    }

    /// What QEMU says over QMP of a guest that it cannot load may be no more than this; one that ends leaves the socket on
    /// which it has listened.
    @Test(arguments: [
        (
            #"{"status": "failed", "error-desc": "Invalid argument"}"#,
            "could not load the guest: Invalid argument; its standard error may say more"
        ),
        (nil, "could not load the guest: it has ended, and its standard error says why"),
    ])
    func `a QEMU that cannot load the guest leads to its standard error, and leaves no socket`(
        report: String?, says: String
    ) async throws {
        let directory = try ScratchDirectory()
        let socket = Mutex<String?>(nil)
        let server = try QMPServer(in: directory) { command, id, arguments in
            var answer: String? = "{}"
            switch command {
            case "query-status": answer = #"{"status": "inmigrate"}"#
            case "query-migrate-capabilities": answer = #"[{"capability": "multifd", "state": false}]"#
            case "query-migrate" where socket.withLock({ $0 != nil }): answer = report
            case "migrate-incoming":
                let path = String(arguments?["uri"]?.string?.dropFirst("unix:".count) ?? "")
                _ = FileManager.default.createFile(atPath: path, contents: nil)
                socket.withLock { $0 = path }
            default: break
            }
            return answer.map { "{\"return\": \($0), \"id\": \(id)}" }
        }
        let restore = try QEMURestore(
            snapshot: await SnapshotTests.make(in: directory), qmp: server.listener.uri, usesMultifd: false,
            logger: silent)
        await #expect { try await restore.run() } throws: { "\($0)".contains(says) }
        let path = try #require(socket.withLock { $0 })
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
