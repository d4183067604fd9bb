import Foundation
import Multifd
import MultifdQEMU
import Testing

/// What becomes of a guest when either end goes away in the middle.
@Suite(QEMUProcess.isInstalled, .serialized) struct FailureTests {
    /// How much of the migration has passed when it is broken off.
    enum Phase: CaseIterable { case setup, active, late }

    /// A QEMU with a guest that has run, and whose migrations take their time.
    private static func start(
        in directory: ScratchDirectory, channels: Int, passes: UInt32 = 1
    ) throws -> QEMUProcess {
        let qemu = try QEMUProcess("vm", in: directory, program: PatternGuest.assemble(in: directory.path))
        try qemu.waitForPasses(passes)
        try qemu.configure(SaveMode(channels: channels))
        try qemu.slowDown()
        return qemu
    }

    private static func wait(for phase: Phase, of destination: MigrationDestination) async throws {
        for await event in destination.events {
            guard case .progress(let info) = event else { continue }
            switch phase {
            case .setup where info.status != .none: return
            case .active where info.ram.transferred > 4 << 20: return
            case .late where info.ram.transferred > 20 << 20: return
            default: if info.status.isFinal { return }
            }
        }
    }

    @Test(arguments: [0, 2], Phase.allCases)
    func `when we go away the guest runs on`(channels: Int, phase: Phase) async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start(in: directory, channels: channels, passes: 2)
        let path = "\(directory.path)/snapshot"
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        try qemu.qmp.execute("migrate", ["uri": .string("\(destination.uri)")])
        try await Self.wait(for: phase, of: destination)
        destination.cancel()
        await #expect(throws: MigrationError.self) { try await received.value }
        try qemu.wait(for: "the failure") { qemu.migrationStatus == "failed" }
        try qemu.wait(for: "the guest to run") { qemu.status == "running" }
        try qemu.waitForPasses(2)
        #expect(!directory.names.contains { $0.hasPrefix("snapshot") })

        // And it can be saved afterwards.
        try qemu.qmp.waitForWindingUp(within: .seconds(30))
        let again = try await qemu.save(to: path, SaveMode(channels: channels))
        #expect(again.status == .completed)
    }

    /// A QEMU whose channels end before its main connection does hangs in one of ten times, and can never be saved again.
    @Test func `a QEMU that is left early, again and again, winds its migration up`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start(in: directory, channels: 4)
        for round in 0..<20 {
            let destination = try MigrationDestination(
                listeningOn: .unix(path: "\(directory.path)/in"),
                snapshot: SnapshotTarget(path: "\(directory.path)/snapshot"), logger: silent)
            let received = Task { try await destination.run() }
            try qemu.qmp.execute("migrate", ["uri": .string("\(destination.uri)")])
            usleep(UInt32(round) * 500)
            destination.cancel()
            await #expect(throws: MigrationError.self) { try await received.value }
            try qemu.wait(for: "the failure") { qemu.migrationStatus == "failed" }
            try qemu.qmp.waitForWindingUp(within: .seconds(10))
        }
        try qemu.waitForPasses(2)
    }

    @Test(arguments: [0, 2], Phase.allCases)
    func `when our process is killed the guest runs on`(channels: Int, phase: Phase) throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start(in: directory, channels: channels)
        let receiver = try ReceiverProcess(on: "\(directory.path)/in", snapshot: "\(directory.path)/snapshot")
        try qemu.qmp.execute("migrate", ["uri": .string("unix:\(directory.path)/in")])
        let sent = phase == .setup ? 0 : phase == .active ? 4 << 20 : 20 << 20
        try qemu.wait(for: "\(sent) bytes") {
            try qemu.qmp.execute("query-migrate")["ram"]?["transferred"]?.integer ?? 0 >= sent
        }
        receiver.kill()
        try qemu.wait(for: "the failure") { qemu.migrationStatus == "failed" }
        try qemu.wait(for: "the guest to run") { qemu.status == "running" }
        try qemu.waitForPasses(2)
        // Nobody was left to remove what was written under the other name.
        #expect(!directory.names.contains("snapshot"))
    }

    @Test(arguments: [0, 2]) func `when a save is killed the guest runs on, and can be saved again`(channels: Int)
        async throws
    {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess("vm", in: directory, program: PatternGuest.assemble(in: directory.path))
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        let path = "\(directory.path)/snapshot"
        let options = ["--max-bandwidth", "20MB/s", "--downtime-limit", "1"]
        let save = try ReceiverProcess(
            saving: qemu.qmpAddress, to: path, options + (channels == 0 ? ["--no-multifd"] : []))
        // It has memory when its files have.
        try qemu.wait(for: "memory") {
            directory.names.contains { $0.hasPrefix("snapshot.partial") }
        }
        usleep(300_000)
        save.kill()
        try qemu.connectQMP()
        try qemu.wait(for: "the failure") { qemu.migrationStatus == "failed" }
        try qemu.wait(for: "the guest to run") { qemu.status == "running" }
        try qemu.waitForPasses(2)
        #expect(!directory.names.contains("snapshot"))
        qemu.releaseQMP()
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(2)
        try await QEMUSave(qmp: qemu.qmpAddress, to: path, parameters: parameters, logger: silent).run()
        try Snapshot(path: path).verify()
    }

    @Test(arguments: [0, 2], Phase.allCases)
    func `when QEMU dies while it is restored the snapshot is as it was`(channels: Int, phase: Phase) async throws {
        let directory = try ScratchDirectory()
        let program = try PatternGuest.assemble(in: directory.path)
        let qemu = try QEMUProcess("vm", in: directory, program: program)
        try qemu.waitForPasses(2)
        let path = "\(directory.path)/snapshot"
        _ = try await qemu.save(to: path, SaveMode(channels: 2, compression: "zstd"))
        qemu.kill()

        let victim = try QEMUProcess("victim", in: directory, program: program, options: ["-incoming", "defer"])
        let uri = try victim.listen(channels: channels, compression: "none")
        var options = QEMUSendOptions()
        options.multifdChannels = channels
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 20 << 20
        let source = try QEMUSource(
            snapshot: Snapshot(path: path), to: uri, parameters: parameters, options: options, logger: silent)
        let sent = Task { try await source.run() }
        for await event in source.events {
            guard case .progress(let info) = event else { continue }
            let goal = phase == .setup ? 0 : phase == .active ? 2 << 20 : 16 << 20
            if info.ram.transferred >= goal || info.status.isFinal { break }
        }
        victim.kill()
        await #expect(throws: MigrationError.self) { try await sent.value }
        try Snapshot(path: path).verify()
    }

    @Test(arguments: [0, 2], Phase.allCases)
    func `when QEMU dies nothing is left of its guest`(channels: Int, phase: Phase) async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start(in: directory, channels: channels)
        let path = "\(directory.path)/snapshot"
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        try qemu.qmp.execute("migrate", ["uri": .string("\(destination.uri)")])
        try await Self.wait(for: phase, of: destination)
        qemu.kill()
        if phase == .setup { destination.cancel() }  // QEMU may have died before it connected
        await #expect(throws: MigrationError.self) { try await received.value }
        #expect(!directory.names.contains { $0.hasPrefix("snapshot") })
    }

    @Test func `a cancelled save leaves the guest running and QEMU as it was`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess("vm", in: directory, program: PatternGuest.assemble(in: directory.path))
        try qemu.waitForPasses(2)
        let before = try qemu.settings()
        qemu.releaseQMP()
        // More than once: QEMU aborts when its settings change before it has wound a migration up, but not each time.
        for _ in 0..<5 {
            var parameters = MigrationParameters()
            parameters.maxBandwidth = 20 << 20
            parameters.downtimeLimit = .zero
            let save = try QEMUSave(
                qmp: qemu.qmpAddress, to: "\(directory.path)/snapshot", parameters: parameters, logger: silent)
            let saved = Task { try await save.run() }
            for await event in save.events {
                if case .progress(let info) = event, info.ram.transferred > 4 << 20 { break }
            }
            save.cancel()
            await #expect(throws: QEMUError.self) { try await saved.value }
        }
        try qemu.connectQMP()
        #expect(qemu.status == "running")
        #expect(try qemu.settings() == before)
        try qemu.waitForPasses(2)
        #expect(!directory.names.contains { $0.hasPrefix("snapshot") })
    }

    @Test func `a paused guest whose save fails at the end has not run`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess("vm", in: directory, program: PatternGuest.assemble(in: directory.path))
        try qemu.waitForPasses(1)
        try qemu.qmp.execute("stop")
        let pass = qemu.lastPass
        qemu.releaseQMP()
        let path = "\(directory.path)/snapshot"
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 20 << 20
        let save = try QEMUSave(qmp: qemu.qmpAddress, to: path, parameters: parameters, logger: silent)
        let saved = Task { try await save.run() }
        for await case .progress(let info) in save.events where info.ram.transferred > 4 << 20 { break }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        var sentence = ""
        do { _ = try await saved.value } catch { sentence = "\(error)" }
        #expect(sentence.contains("rename the complete snapshot to"))
        try qemu.connectQMP()
        // QEMU 7.2 has no way back from there that does not run the guest.
        #expect(qemu.status == (sentence.contains("'postmigrate'") ? "postmigrate" : "paused"))
        #expect(qemu.lastPass == pass)
    }

    @Test(arguments: ["dirty-bitmaps", "postcopy-ram"])
    func `a capability that we cannot receive is refused, and the guest runs on`(capability: String) async throws {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess(
            "vm", in: directory, program: PatternGuest.assemble(in: directory.path),
            options: ["-uuid", "01234567-89ab-cdef-0123-456789abcdef"])
        // QEMU 7.2 has no channels beside postcopy.
        try qemu.configure(SaveMode(channels: capability == "postcopy-ram" ? 0 : 2))
        try qemu.qmp.execute(
            "migrate-set-capabilities",
            ["capabilities": [["capability": .string(capability), "state": true]]])
        let path = "\(directory.path)/snapshot"
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        try qemu.qmp.execute("migrate", ["uri": .string("\(destination.uri)")])
        await #expect { try await received.value } throws: { "\($0)".contains(capability) }
        try qemu.wait(for: "the guest to run") { qemu.migrationStatus == "failed" && qemu.status == "running" }

        try qemu.qmp.execute(
            "migrate-set-capabilities",
            [
                "capabilities": [
                    ["capability": .string(capability), "state": false],
                    ["capability": "validate-uuid", "state": true],
                    ["capability": "x-ignore-shared", "state": true],
                ]
            ])
        try qemu.waitForPasses(1)
        _ = try await qemu.save(to: path, SaveMode(channels: 2))
        let machine = try #require(try Snapshot(path: path).manifest.qemu)
        #expect(machine.uuid == "0123456789abcdef0123456789abcdef")
        #expect(machine.capabilities == ["x-ignore-shared"])
    }
}
