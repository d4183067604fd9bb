import Foundation
import Multifd
import MultifdQEMU
import TestProcesses
import Testing

/// The sending side against a destination that does what a test tells it to.
@Suite struct QEMUSourceTests {
    /// A snapshot whose manifest says that its source's channels met so.
    private static func snapshot(in directory: ScratchDirectory, syncMode: String) async throws -> Snapshot {
        let snapshot = try await SnapshotTests.make(in: directory)
        let manifest = "\(snapshot.path)/manifest.json"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        let changed = text.replacing(/"sync-mode" ?: ?"none"/, with: "\"sync-mode\": \"\(syncMode)\"")
        #expect(syncMode == "none" || changed != text)
        try changed.write(toFile: manifest, atomically: true, encoding: .utf8)
        return try Snapshot(path: snapshot.path)
    }

    private static func source(
        _ snapshot: Snapshot, to uri: MigrationURI, syncMode: QEMUSendOptions.SyncMode? = nil,
        version: QEMUVersion? = nil, deadlines: Deadlines = Deadlines()
    ) throws -> QEMUSource {
        var options = QEMUSendOptions()
        options.multifdChannels = 2
        options.syncMode = syncMode
        options.destinationVersion = version
        return try QEMUSource(snapshot: snapshot, to: uri, options: options, deadlines: deadlines, logger: silent)
    }

    private static let helloByteCount = 64

    /// A destination whose channels meet by round and that is slow looks as one whose channels meet by section. Taken for
    /// one it would start with empty memory.
    @Test(arguments: ["none", "round", "section"])
    func `a slow destination is waited for, not guessed about`(stored: String) async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, delays: [2: .seconds(3)])
        let source = try Self.source(try await Self.snapshot(in: directory, syncMode: stored), to: qemu.uri)
        try await source.run()
        #expect(qemu.channelByteCount(atPing: 2) == 2 * Self.helloByteCount)
        #expect(try #require(qemu.channelByteCount(atPing: 3)) > 2 * Self.helloByteCount)
    }

    @Test func `a sync mode that the destination does not have is refused before a page is sent`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2)
        let source = try Self.source(
            try await Self.snapshot(in: directory, syncMode: "none"), to: qemu.uri, syncMode: .section)
        await #expect { try await source.run() } throws: {
            "\($0)".contains("meet by round, but sync-mode section was asked for")
        }
        #expect(try #require(qemu.channelByteCount(atPing: 2)) <= 2 * Self.helloByteCount)
    }

    /// It has another mode than the source had, for example because its type of machine has no version. Without the word
    /// that channels are to meet it would start with empty memory.
    @Test func `a destination that does not wait for its channels meets by round, whatever the snapshot says`()
        async throws
    {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2)
        try await Self.source(try await Self.snapshot(in: directory, syncMode: "section"), to: qemu.uri).run()
        #expect(try #require(qemu.channelByteCount(atPing: 2)) <= 2 * Self.helloByteCount)
        #expect(qemu.barrierCount == 2)
    }

    @Test func `a sync mode that is asked for counts more than the snapshot's`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, delays: [2: .seconds(4)])
        let snapshot = try await Self.snapshot(in: directory, syncMode: "round")
        try await Self.source(snapshot, to: qemu.uri, syncMode: .section).run()
        #expect(try #require(qemu.channelByteCount(atPing: 2)) > 2 * Self.helloByteCount)
        #expect(qemu.barrierCount == 0)
    }

    @Test func `channels of a QEMU before rounds meet by section, whatever the snapshot says`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, delays: [2: .seconds(1)])
        let snapshot = try await Self.snapshot(in: directory, syncMode: "round")
        try await Self.source(snapshot, to: qemu.uri, version: QEMUVersion(major: 7, minor: 2)).run()
        #expect(try #require(qemu.channelByteCount(atPing: 2)) > 2 * Self.helloByteCount)
        #expect(qemu.barrierCount == 0)
    }

    @Test func `a destination that is to meet by round and waits for its channels is given up`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, delays: [2: .seconds(3)])
        var deadlines = Deadlines()
        deadlines.stall = .seconds(1)
        let source = try Self.source(
            try await Self.snapshot(in: directory, syncMode: "round"), to: qemu.uri, deadlines: deadlines)
        await #expect { try await source.run() } throws: { "\($0)".contains("its channels do not meet by round") }
    }

    /// A QEMU whose channel has met what it cannot decode does not say so: it waits at the barrier.
    @Test func `where memory does not get in, what the channels' compression must be is named`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, delays: [3: .seconds(3)])
        var deadlines = Deadlines()
        deadlines.stall = .seconds(1)
        let source = try Self.source(
            try await Self.snapshot(in: directory, syncMode: "round"), to: qemu.uri, deadlines: deadlines)
        await #expect { try await source.run() } throws: {
            "\($0)".contains("its multifd-compression is not the 'none' that was sent")
        }
    }

    /// It may run its guest by then, and the snapshot must not be taken for one that nobody has loaded.
    @Test func `a cancel that comes when QEMU has all of the guest does not pass for one that undoes it`() async throws
    {
        let directory = try ScratchDirectory()
        let qemu = try ScriptedQEMU(in: directory, channels: 2, confirms: false)
        let source = try Self.source(try await Self.snapshot(in: directory, syncMode: "round"), to: qemu.uri)
        let sent = Task { try await source.run() }
        for await case .status(.device) in source.events { break }
        // The device state is in the socket by then.
        usleep(200_000)
        source.cancel()
        let result = await sent.result
        #expect { try result.get() } throws: { "\($0)".contains("QEMU did not say whether the guest is loaded") }
    }

    @Test func `where no QEMU waits, it says how to start one`() async throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/none"
        let source = try QEMUSource(
            snapshot: try await SnapshotTests.make(in: directory), to: .unix(path: path), logger: silent)
        await #expect { try await source.run() } throws: { "\($0)".contains("start it with -incoming unix:\(path)") }
    }

    /// As one with fewer channels does at the first that is too many.
    @Test func `a QEMU that ends while channels connect is not taken for one that was never there`() async throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/qemu.in"
        let listener = try ShortQueue(at: path)
        let source = try Self.source(
            try await Self.snapshot(in: directory, syncMode: "none"), to: .unix(path: path))
        let sent = Task { try await source.run() }
        // That of the main connection: the channels find no room behind it.
        listener.waitForFirst()
        listener.removeName()
        let result = await sent.result
        #expect { try result.get() } throws: { "\($0)".hasPrefix("QEMU closed a channel") }
    }

    /// Of 600 pages 100 never came, and of two one.
    @Test(arguments: [false, true]) func `pages that were never sent are not, also from a copy without holes`(
        isDense: Bool
    ) async throws {
        let directory = try ScratchDirectory()
        let path = try await SnapshotTests.make(in: directory).path
        for block in try Snapshot(path: path).manifest.ramBlocks where isDense {
            let file = "\(path)/\(block.file)"
            try Data(readFile(file)).write(to: URL(fileURLWithPath: file))
        }
        let qemu = try ScriptedQEMU(in: directory, channels: 0)
        let info = try await QEMUSource(snapshot: Snapshot(path: path), to: qemu.uri, logger: silent).run()
        #expect(info.ram.normal == (isDense ? 501 : 301))
        #expect(info.ram.duplicate == (isDense ? 0 : 200))
        #expect(info.ram.remaining == 0)
    }

    @Test(arguments: ["configuration.bin", "early-0.bin", "device-state.bin"])
    func `a damaged file is refused before anybody is asked`(name: String) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await SnapshotTests.make(in: directory)
        let path = "\(snapshot.path)/\(name)"
        var content = try readFile(path)
        content[0] ^= 1
        try Data(content).write(to: URL(fileURLWithPath: path))
        #expect { try QEMUSource(snapshot: snapshot, to: .unix(path: "/none"), logger: silent) } throws: {
            "\($0)".hasPrefix("'\(path)' is damaged")
        }
    }

    @Test(arguments: ["xbzrle", "verify-memory", "auto-converge", "vcpu-dirty-limit"])
    func `what a QEMU takes no notice of is refused`(name: String) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await SnapshotTests.make(in: directory)
        var parameters = MigrationParameters()
        parameters.xbzrle = name == "xbzrle"
        parameters.verifyMemory = name == "verify-memory"
        parameters.autoConverge = name == "auto-converge"
        parameters.vcpuDirtyLimit = name == "vcpu-dirty-limit" ? 10 : nil
        #expect(throws: ParameterError.notWithQEMU(name: name)) {
            try QEMUSource(snapshot: snapshot, to: .unix(path: "/none"), parameters: parameters, logger: silent)
        }
    }
}
