import Foundation
import Multifd
import MultifdQEMU
import Synchronization
import SystemPackage
import Testing

/// The client against servers that say what a test tells them to.
@Suite struct QMPClientTests {
    @Test func `a command's answer is found among events and late answers`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { _, id, _ in
            """
            {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}
            {"return": {"status": "old"}, "id": \(id - 1)}
            {"event": "MIGRATION", "data": {"status": "setup"}}
            {"return": {"status": "running", "n": 3, "x": 1.5, "l": [true, null]}, "id": \(id)}
            """
        }
        let client = try QMPClient(connectingTo: server.listener.uri)
        #expect(client.version == QEMUVersion(major: 10, minor: 0, micro: 2, package: "Debian"))
        let answer = try client.execute("query-status")
        #expect(answer == ["status": "running", "n": 3, "x": .number(1.5), "l": [true, .null]])
        let event = try client.waitForEvent(within: .seconds(1)) { $0.name == "MIGRATION" }
        #expect(event.data["status"] == "setup")
        #expect(throws: QMPError.timedOut(waitingFor: "an event", after: .zero)) {
            try client.waitForEvent(within: .zero) { _ in true }
        }
    }

    @Test(arguments: ["9223372036854775807", "9223372036854775808", "18446744073709551615", "-9223372036854775808"])
    func `a number goes back as it came`(number: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data("[\(number)]".utf8))
        #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == "[\(number)]")
    }

    /// As `-qmp-pretty` has it, with text in which brackets and quotes mean nothing.
    @Test func `a server that spreads a message over lines is understood`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(
            in: directory,
            greeting: """
                {\r
                    "QMP": {\r
                        "version": {"qemu": {"micro": 1, "minor": 2, "major": 9}, "package": "a \\"}\\\\"},\r
                        "capabilities": [\r
                        ]\r
                    }\r
                }
                """
        ) { _, id, _ in
            """
            {
                "event": "STOP"
            }
            {
                "return": {
                    "status": "]{{ \\\\\\"["
                },
                "id": \(id)
            }
            """
        }
        let client = try QMPClient(connectingTo: server.listener.uri)
        #expect(client.version == QEMUVersion(major: 9, minor: 2, micro: 1, package: "a \"}\\"))
        #expect(try client.execute("query-status") == ["status": "]{{ \\\"["])
        #expect(try client.waitForEvent(within: .zero) { _ in true }.name == "STOP")
    }

    @Test func `a refusal is thrown with its class`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { _, id, _ in
            "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such thing\"}, \"id\": \(id)}"
        }
        let client = try QMPClient(connectingTo: server.listener.uri)
        #expect(
            throws: QMPError.refused(command: "x", errorClass: "CommandNotFound", reason: "no such thing")
        ) { try client.execute("x") }
    }

    @Test func `silence ends with the deadline`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { _, _, _ in "" }
        let client = try QMPClient(connectingTo: server.listener.uri, deadline: .milliseconds(300))
        #expect(throws: QMPError.timedOut(waitingFor: "x", after: .milliseconds(300))) { try client.execute("x") }
    }

    @Test func `an event that came with an answer is waited for no longer`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { _, id, _ in
            """
            {"event": "A"}\r
            {"event": "B", "data": {"status": "completed"}}\r
            {"return": {}, "id": \(id)}
            """
        }
        let client = try QMPClient(connectingTo: server.listener.uri)
        try client.execute("x")
        let event = try client.waitForEvent(within: .zero) { $0.name == "B" }
        #expect(event.data["status"]?.string == "completed")
        // The first was dropped on the way, and neither comes again.
        #expect(throws: QMPError.timedOut(waitingFor: "an event", after: .zero)) {
            try client.waitForEvent(within: .zero) { _ in true }
        }
    }

    @Test func `a server that goes away is told from one that is slow`() throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory) { _, _, _ in nil }
        let client = try QMPClient(connectingTo: server.listener.uri)
        #expect(throws: QMPError.closed(command: "x")) { try client.execute("x") }
    }

    @Test func `a server that goes away with a command unread has gone away, too`() throws {
        let directory = try ScratchDirectory()
        let listener = try Listener(on: .unix(path: "\(directory.path)/qmp"))
        let server = WorkerThread(name: "qmp-server") {
            let patience = Patience(limit: .seconds(10))
            guard let connection = try? listener.accept(within: .seconds(10)) else { return }
            try? connection.send(Array((QMPServer.greeting + "\r\n").utf8), patience: patience)
            _ = try? connection.receiveAvailable(upTo: 4096, within: .seconds(10), patience: patience)
            try? connection.send(Array("{\"return\": {}, \"id\": 1}\r\n".utf8), patience: patience)
            for _ in 0..<1000 where !connection.isReadable { Patience.sleep(for: .milliseconds(10)) }
        }
        let client = try QMPClient(connectingTo: listener.uri)
        #expect(throws: QMPError.closed(command: "quit")) { try client.execute("quit") }
        server.join()
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2", "{\"return\": {}}", "[1, 2", "{\"QMP\"", "{\"QMP"])
    func `what greets otherwise is no QMP server`(greeting: String) throws {
        let directory = try ScratchDirectory()
        let server = try QMPServer(in: directory, greeting: greeting) { _, _, _ in nil }
        #expect { try QMPClient(connectingTo: server.listener.uri, deadline: .milliseconds(500)) } throws: {
            "\($0)".contains("is no QMP socket")
        }
    }

    @Test func `who waits for a greeting is cancelled with its task`() async throws {
        let directory = try ScratchDirectory()
        let listener = try Listener(on: .unix(path: "\(directory.path)/qmp"))
        let uri = listener.uri
        let connecting = Task { try QMPClient(connectingTo: uri) }
        connecting.cancel()
        await #expect(throws: QMPError.transport(address: "\(uri)", .cancelled)) { try await connecting.value }
    }

    @Test func `a QEMU with another client is waited for no longer than the migration may take`() throws {
        let directory = try ScratchDirectory()
        let listener = try Listener(on: .unix(path: "\(directory.path)/qmp"))
        var parameters = MigrationParameters()
        parameters.timeout = .seconds(1)
        #expect { try QEMUSave(qmp: listener.uri, to: "\(directory.path)/x", parameters: parameters) } throws: {
            "\($0)".contains("nothing came within 1 s (or another client is connected)")
        }
    }

    @Test func `times are told with what they have of a second`() {
        #expect(
            "\(QMPError.timedOut(waitingFor: "stop", after: .milliseconds(500)))"
                == "QEMU gave no answer to 'stop' within 0.5 s: it is busy or stuck")
    }

    @Test func `a socket where others wait is not taken for one without a QEMU`() {
        let error = QMPError.transport(
            address: "unix:/qmp", .connect(to: "unix:/qmp", .resourceTemporarilyUnavailable))
        #expect("\(error)".contains("other clients wait there already"))
    }

    @Test func `where nobody listens, it says how to start QEMU`() throws {
        let directory = try ScratchDirectory()
        #expect { try QMPClient(connectingTo: .unix(path: "\(directory.path)/none")) } throws: {
            "\($0)".contains("-qmp unix:")
        }
    }

    @Test(QEMUProcess.isInstalled) func `a real QEMU answers`() throws {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess("vm", in: directory, program: PatternGuest.assemble(in: directory.path))
        #expect(qemu.qmp.version.major >= 7)
        #expect(qemu.status == "running")
        try qemu.qmp.execute("stop")
        _ = try qemu.qmp.waitForEvent(within: .seconds(5)) { $0.name == "STOP" }
        #expect(qemu.status == "paused")
        #expect { try qemu.qmp.execute("no-such-command") } throws: {
            guard case QMPError.refused(_, "CommandNotFound", _) = $0 else { return false }
            return true
        }
    }
}
