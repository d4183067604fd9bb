import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Snapshots put back into a real QEMU, whose guest then checks its memory.
@Suite(QEMUProcess.isInstalled, .serialized) struct SendTests {
    struct Mode: Sendable, CustomTestStringConvertible {
        var machine = "pc"
        var channels = 0
        var compression = "none"
        var syncMode: QEMUSendOptions.SyncMode?
        /// Channels of the source: with none, the snapshot does not say when they meet.
        var sourceChannels = 2
        var testDescription: String {
            "\(machine), \(channels) channels, \(compression)\(syncMode.map { ", by \($0)" } ?? "")"
                + (sourceChannels == 0 ? ", saved without" : "")
        }
    }

    static let modes = [
        Mode(), Mode(channels: 1), Mode(channels: 4, compression: "zstd"), Mode(channels: 2, compression: "zlib"),
        Mode(channels: 2, compression: "zstd", syncMode: .round), Mode(machine: "pc-i440fx-7.2"),
        Mode(machine: "pc-i440fx-7.2", channels: 2, compression: "zstd"),
        Mode(machine: "pc-i440fx-7.2", channels: 3, syncMode: .section),
        Mode(channels: 2, sourceChannels: 0), Mode(machine: "pc-i440fx-7.2", channels: 2, sourceChannels: 0),
        Mode(machine: "pc-i440fx-7.2", channels: 1, syncMode: .section, sourceChannels: 0),
    ]

    @Test(arguments: modes) func `a saved guest goes on where it was, with all of its memory`(mode: Mode) async throws {
        let directory = try ScratchDirectory()
        let program = try PatternGuest.assemble(in: directory.path)
        let source = try QEMUProcess("source", in: directory, program: program, machine: mode.machine)
        try source.waitForPasses(2)
        // Its machine types know nothing of rounds.
        if mode.syncMode == .round, source.qmp.version < QEMUVersion(major: 8, minor: 1) { return }
        let path = "\(directory.path)/snapshot"
        _ = try await source.save(to: path, SaveMode(channels: mode.sourceChannels, compression: "zstd"))
        let pass = source.lastPass
        source.kill()

        let destination = try QEMUProcess(
            "destination", in: directory, program: program, machine: mode.machine, options: ["-incoming", "defer"])
        let info = try await destination.restore(
            path, channels: mode.channels, compression: mode.compression, syncMode: mode.syncMode)
        #expect(info.status == .completed)
        #expect(info.channels.count == mode.channels)
        try destination.wait(for: "the guest to run") { destination.status == "running" }
        try destination.waitForPass(pass + 3)
        // It went on: a guest that began anew would report its first pass.
        let first = try #require(destination.passes.first)
        #expect((pass...pass + 2).contains(first))
    }

    private static func meetingBySection(_ state: String) -> [String] {
        ["-global", "migration.multifd-flush-after-each-section=\(state)"]
    }

    /// A type without a version has the mode of whatever QEMU it runs on: `isapc` by section is that of one before 8.1.
    private static let mixedModes: [(machine: String, source: [String], destination: [String])] = [
        ("isapc", meetingBySection("on"), []), ("pc", meetingBySection("on"), []),
        ("pc-i440fx-7.2", [], meetingBySection("off")), ("pc", meetingBySection("on"), meetingBySection("on")),
    ]

    @Test(arguments: mixedModes)
    func `a guest whose channels meet in another way than its source's has all of its memory`(
        machine: String, source sourceOptions: [String], destination destinationOptions: [String]
    ) async throws {
        let directory = try ScratchDirectory()
        let program = try PatternGuest.assemble(in: directory.path)
        // Those before have no such setting.
        guard try QEMUProcess("any", in: directory, program: program).qmp.version >= QEMUVersion(major: 8, minor: 1)
        else { return }
        let source = try QEMUProcess(
            "source", in: directory, program: program, machine: machine, options: sourceOptions)
        try source.waitForPasses(2)
        let path = "\(directory.path)/snapshot"
        _ = try await source.save(to: path, SaveMode(channels: 2))
        #expect(try Snapshot(path: path).manifest.qemu?.syncMode == .section)
        let pass = source.lastPass
        source.kill()
        let destination = try QEMUProcess(
            "destination", in: directory, program: program, machine: machine,
            options: destinationOptions + ["-incoming", "defer"])
        try await destination.restore(path, channels: 2)
        try destination.waitForPass(pass + 3)
        #expect((pass...pass + 2).contains(try #require(destination.passes.first)))
    }

    @Test(arguments: [0, 2]) func `what is sent to it as to 'multifd receive' says how to send to a QEMU`(
        channels: Int
    ) async throws {
        let directory = try ScratchDirectory()
        let destination = try QEMUProcess(
            "destination", in: directory, program: PatternGuest.assemble(in: directory.path),
            options: ["-incoming", "defer"])
        let uri = try destination.listen(channels: channels, compression: "none")
        let snapshot = try await SnapshotTests.make(in: directory)
        var deadlines = Deadlines()
        deadlines.stall = .seconds(2)
        let source = try MigrationSource(
            guest: SnapshotGuest(snapshot), to: uri, deadlines: deadlines, logger: silent)
        await #expect { try await source.run() } throws: { "\($0)".contains("send a snapshot with --qemu") }
    }

    @Test func `a restore shows how far it is, and can be cancelled`() async throws {
        let directory = try ScratchDirectory()
        let program = try PatternGuest.assemble(in: directory.path)
        let source = try QEMUProcess("source", in: directory, program: program)
        try source.waitForPasses(1)
        let path = "\(directory.path)/snapshot"
        _ = try await source.save(to: path, SaveMode())
        source.kill()
        let destination = try QEMUProcess(
            "destination", in: directory, program: program, options: ["-incoming", "defer"])
        let uri = try destination.listen(channels: 0, compression: "none")
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 16 << 20
        let sending = try QEMUSource(
            snapshot: Snapshot(path: path), to: uri, parameters: parameters, logger: silent)
        let sent = Task { try await sending.run() }
        var counts: Set<Int> = []
        for await event in sending.events {
            guard case .progress(let info) = event, info.status == .active else { continue }
            counts.insert(info.ram.normal)
            // What is shown in percent.
            #expect(info.ram.iterationCount == 1)
            #expect(info.ram.normal == 0 || info.ram.pagesPerSecond > 0)
            if counts.count > 2 { break }
        }
        sending.cancel()
        await #expect(throws: MigrationError.self) { try await sent.value }
        #expect(sending.info.status == .cancelled)
        // The pattern alone is one run of 32 MiB.
        #expect(sending.info.ram.normal << 12 < Int(PatternGuest.end - PatternGuest.start))
    }
}
