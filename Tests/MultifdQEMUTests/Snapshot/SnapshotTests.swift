import Foundation
import Multifd
import MultifdQEMU
import SystemPackage
import Testing

@Suite struct SnapshotTests {
    /// A small snapshot of a guest of QEMU.
    static func make(in directory: ScratchDirectory, name: String = "snapshot") async throws -> Snapshot {
        try await receive(into: directory, name: name, send).get()
    }

    /// Sends what ``make(in:name:)`` makes a snapshot of, and waits for the answer.
    @Sendable static func send(_ source: ScriptedSource) throws {
        try sendGuest(source)
        _ = try source.receive(8)
    }

    /// - Parameter body: is run when all but the end has been sent.
    static func sendGuest(_ source: ScriptedSource, beforeEnd body: () -> Void = {}) throws {
        var stream = StreamBytes()
        stream.begin()
        stream.command(1)
        stream.startRAM([("pc.ram", 600 << 12), ("../evil/name", 2 << 12)])
        stream.endSection()
        stream.deviceSection([7])
        stream.part()
        for number in 0..<300 { stream.page("pc.ram", number, page(UInt8(number & 0xff))) }
        for number in 300..<500 { stream.zeroPage(nil, number) }
        stream.page("../evil/name", 0, page(1))
        stream.endSection()
        try source.send(stream)
        body()
        stream = StreamBytes()
        stream.endRAM()
        stream.deviceSection([1, 2])
        stream.append([0, 6])
        let json = Array(
            """
            {"devices":[{"name":"timer","instance_id":0,"fields":[{"size":1}]},\
            {"name":"timer","instance_id":0,"fields":[{"size":2}]}]}
            """.utf8)
        stream.append(UInt32(json.count))
        stream.append(json)
        try source.send(stream)
    }

    @Test func `its files are sparse, and their names harmless`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: snapshot.path)) == [
                "manifest.json", "configuration.bin", "device-state.bin", "early-0.bin", "ram-0-pc.ram.raw",
                "ram-1-.._evil_name.raw",
            ])
        let block = snapshot.manifest.ramBlocks[0]
        // Pages 0 and 256 are full of zeros that came as content.
        #expect(block.normal == 298 && block.duplicate == 302 && block.neverSent == [[500, 100]])
        var status = stat()
        #expect(unsafe stat("\(snapshot.path)/\(block.file)", &status) == 0)
        #expect(status.st_blocks * 512 < block.size)
    }

    @Test func `sent to a native peer it arrives as a snapshot again`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        let path = "\(directory.path)/copy"
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        var parameters = MigrationParameters()
        parameters.multifdChannels = 3
        parameters.multifdCompression = .zstd
        try await MigrationSource(
            guest: SnapshotGuest(snapshot), to: destination.uri, parameters: parameters, logger: silent
        ).run()
        _ = try await received.value
        let copy = try Snapshot(path: path)
        try copy.verify()
        #expect(copy.manifest == snapshot.manifest)
    }

    @Test func `a guest of QEMU is not run here, and told where it is stored`() async throws {
        let directory = try ScratchDirectory()
        let guest = try await SnapshotGuest(Self.make(in: directory))
        #expect {
            try WorkloadTarget().prepare(for: IncomingGuest(blocks: [], configuration: guest.configuration))
        } throws: {
            "\($0)".hasSuffix("'qemu-snapshot' is none: receive it with --snapshot DIRECTORY")
        }
    }

    @Test func `a native guest is a snapshot, too`() async throws {
        let directory = try ScratchDirectory()
        let configuration = try WorkloadConfiguration(parsing: "workload:counter,ram=8MiB,seed=3")
        let guest = try WorkloadGuest(configuration: configuration)
        let path = "\(directory.path)/native"
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        try await MigrationSource(guest: guest, to: destination.uri, logger: silent).run()
        _ = try await received.value
        let snapshot = try Snapshot(path: path)
        #expect(snapshot.manifest.qemu == nil)

        // And it can be taken up again.
        let target = WorkloadTarget()
        let second = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: target, logger: silent)
        let resumed = Task { try await second.run() }
        try await MigrationSource(guest: SnapshotGuest(snapshot), to: second.uri, logger: silent).run()
        _ = try await resumed.value
        #expect(target.guest?.stepCounts.count == guest.stepCounts.count)
        target.guest?.shutDown()
        guest.shutDown()
    }

    @Test func `one that is damaged does not arrive as another`() async throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/native"
        let target = try SnapshotTarget(path: path)
        _ = try target.prepare(
            for: IncomingGuest(blocks: [RAMBlockInfo(name: "m", size: 8192)], configuration: "native"))
        try target.load(deviceState: [1])
        try target.commit()
        let file = try #require(FileHandle(forWritingAtPath: "\(path)/ram-0-m.raw"))
        try file.seek(toOffset: 5000)
        try file.write(contentsOf: [1])
        try file.close()

        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), snapshot: SnapshotTarget(path: "\(directory.path)/copy"),
            logger: silent)
        let received = Task { try await destination.run() }
        let source = try MigrationSource(
            guest: SnapshotGuest(Snapshot(path: path)), to: destination.uri, logger: silent)
        await #expect { try await source.run() } throws: {
            "\($0)".contains("'\(path)/ram-0-m.raw' is damaged: its hash is")
        }
        await #expect(throws: MigrationError.self) { try await received.value }
        #expect(!directory.names.contains { $0.hasPrefix("copy") })
    }

    @Test func `every file is covered by a hash`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        try snapshot.verify()
        for file in try FileManager.default.contentsOfDirectory(atPath: snapshot.path) where file != "manifest.json" {
            let path = "\(snapshot.path)/\(file)"
            let content = try readFile(path)
            var damaged = content
            damaged[damaged.count - 1] ^= 1
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            #expect(throws: SnapshotError.self, "\(file)") { try Snapshot(path: snapshot.path).verify() }
            try Data(content).write(to: URL(fileURLWithPath: path))
        }
        try Snapshot(path: snapshot.path).verify()
    }

    @Test func `a file that is missing is told as such`() async throws {
        let directory = try ScratchDirectory()
        let path = try await Self.make(in: directory).path
        try FileManager.default.removeItem(atPath: "\(path)/ram-0-pc.ram.raw")
        #expect { try Snapshot(path: path) } throws: {
            "\($0)" == "cannot open '\(path)/ram-0-pc.ram.raw': No such file or directory"
        }
    }

    @Test func `a file of another size is told as such`() async throws {
        let directory = try ScratchDirectory()
        let path = try await Self.make(in: directory).path
        try #require(FileHandle(forWritingAtPath: "\(path)/ram-0-pc.ram.raw")).truncate(atOffset: 4096)
        #expect { try Snapshot(path: path) } throws: {
            "\($0)".contains("has 4096 bytes, but the manifest says 2457600")
        }
    }

    /// A disk that fills up shows in the same way, and takes longer to make.
    @Test func `what cannot be done with a file while it is received names its path`() throws {
        let directory = try ScratchDirectory()
        let target = try SnapshotTarget(path: "\(directory.path)/snapshot")
        let memory = try target.prepare(
            for: IncomingGuest(blocks: [RAMBlockInfo(name: "m", size: 8192)], configuration: "native"))
        let partial = try #require(directory.names.first { $0.contains("partial") })
        let path = "\(directory.path)/\(partial)/ram-0-m.raw"
        try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: 4096)
        let buffer = try ScratchMemory(byteCount: 4096)
        #expect { unsafe try memory.blocks[0].read(1..<2, into: buffer.start) } throws: {
            "\($0)".hasPrefix("cannot read '\(path)': ")
        }
        target.abort()
    }

    @Test func `its name must be free, and its parent there`() throws {
        let directory = try ScratchDirectory()
        #expect(throws: SnapshotError.exists(path: directory.path)) { try SnapshotTarget(path: directory.path) }
        #expect(throws: SnapshotError.self) { try SnapshotTarget(path: "\(directory.path)/none/snapshot") }
        let link = "\(directory.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/none")
        for slashes in ["", "/", "//"] {
            #expect(throws: SnapshotError.exists(path: link)) { try SnapshotTarget(path: link + slashes) }
        }
    }

    @Test func `a directory that appears under its name meanwhile stays as it is`() throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/snapshot"
        let target = try SnapshotTarget(path: path)
        _ = try target.prepare(
            for: IncomingGuest(blocks: [RAMBlockInfo(name: "m", size: 4096)], configuration: "native"))
        try target.load(deviceState: [1])
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect { try target.commit() } throws: { "\($0)".contains("rename the complete snapshot to") }
        target.abort()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        #expect(!directory.names.contains { $0.contains("partial") })
    }

    @Test func `a compression that QEMU does not have is refused before it is asked`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        var parameters = MigrationParameters()
        parameters.multifdCompression = .auto
        #expect(throws: ParameterError.self) {
            try QEMUSource(snapshot: snapshot, to: .unix(path: "/none"), parameters: parameters)
        }
        #expect { try QEMUSave(qmp: .unix(path: "/none"), to: "\(directory.path)/x", parameters: parameters) } throws: {
            "\($0)".contains("'auto'")
        }
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var expected: String
        var old: String
        var new: String
    }

    static let damages = [
        Damage(
            testDescription: "a newer format", expected: "version 3", old: "\"version\" : 1\n", new: "\"version\" : 3\n"
        ),
        Damage(
            testDescription: "a version before the first", expected: "version is 0, but the first is 1",
            old: "\"version\" : 1\n", new: "\"version\" : 0\n"),
        Damage(
            testDescription: "a negative version", expected: "version is -1, but the first is 1",
            old: "\"version\" : 1\n", new: "\"version\" : -1\n"),
        Damage(testDescription: "another kind of file", expected: "no snapshot", old: "multifd-snapshot", new: "x"),
        Damage(
            testDescription: "a file elsewhere", expected: "outside", old: "\"device-state.bin\"", new: "\"../passwd\""),
        Damage(testDescription: "one file twice", expected: "twice", old: "ram-0-pc.ram.raw", new: "manifest.json"),
        Damage(testDescription: "another size", expected: "do not add up", old: "2457600", new: "2461696"),
        Damage(testDescription: "pages beyond the end", expected: "never sent", old: "500,", new: "501,"),
        Damage(
            testDescription: "fewer zero pages than can be", expected: "do not add up", old: "\"duplicate\" : 302",
            new: "\"duplicate\" : -9223372036854775808"),
        Damage(
            testDescription: "fewer zero pages than were never sent", expected: "do not add up",
            old: "\"duplicate\" : 302,", new: "\"duplicate\" : 99,"),
        Damage(
            testDescription: "more pages than there are", expected: "do not add up", old: "\"normal\" : 298",
            new: "\"normal\" : 9223372036854775807"),
        Damage(
            testDescription: "RAM that no guest has", expected: "sizes that no guest has", old: "2457600",
            new: "9223372036854771712"),
        Damage(
            testDescription: "a device that no guest has", expected: "sizes that no guest has", old: "\"size\" : 1,",
            new: "\"size\" : -1,"),
        Damage(
            testDescription: "a machine that colours a terminal", expected: "has '\\u{1B}[31mpc",
            old: "\"machine\" : \"pc", new: "\"machine\" : \"\\u001b[31mpc"),
        Damage(
            testDescription: "a device over two lines", expected: "has 'ti\\nmer'", old: "\"name\" : \"timer\"",
            new: "\"name\" : \"ti\\nmer\""),
        Damage(testDescription: "a missing key", expected: "lacks", old: "\"page-size\"", new: "\"page\""),
    ]

    @Test(arguments: damages) func `a manifest that is wrong is refused with a sentence`(damage: Damage) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        let path = "\(snapshot.path)/manifest.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(damage.old))
        try text.replacingOccurrences(of: damage.old, with: damage.new)
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect { try Snapshot(path: snapshot.path) } throws: { "\($0)".contains(damage.expected) }
    }

    @Test func `numbers that are possible, and covered by no hash, are compared with the files`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        let path = "\(snapshot.path)/manifest.json"
        let changes: [(String, (inout SnapshotManifest) -> Void)] = [
            ("it is no file of the 562949953421312 bytes that were stored", { $0.deviceState.size = 1 << 49 }),
            (
                "'pc.ram' has 298 pages that are not zero, but the manifest says 0",
                {
                    $0.ramBlocks[0].normal = 0
                    $0.ramBlocks[0].duplicate = 600
                }
            ),
        ]
        for (expected, change) in changes {
            var manifest = snapshot.manifest
            change(&manifest)
            try JSONEncoder().encode(manifest).write(to: URL(fileURLWithPath: path))
            #expect { try Snapshot(path: snapshot.path).verify() } throws: { "\($0)".contains(expected) }
        }
    }

    static let impossibleValues: [(String, @Sendable (inout SnapshotManifest) -> Void)] = [
        ("'' for 'created'", { $0.created = "" }),
        ("'' for 'machine'", { $0.qemu?.machine = "" }),
        ("'12' for 'uuid'", { $0.qemu?.uuid = "12" }),
        ("'' for 'capabilities'", { $0.qemu?.capabilities = ["x-ignore-shared", ""] }),
        ("'-1' for 'multifd-channels'", { $0.qemu?.multifdChannels = -1 }),
        ("'256' for 'multifd-channels'", { $0.qemu?.multifdChannels = 256 }),
        ("'' for 'multifd-compression'", { $0.qemu?.multifdCompression = "" }),
        ("'' for 'source-hints'", { $0.qemu?.sourceHints = [""] }),
        ("'-2' for 'source-version'", { $0.qemu?.sourceVersion = QEMUVersion(major: 10, minor: -2) }),
        ("'' for 'name'", { $0.qemu?.deviceSections[1].name = "" }),
        ("'4294967296' for 'instance'", { $0.qemu?.deviceSections[0].instance = 1 << 32 }),
        ("'-1' for 'version'", { $0.qemu?.deviceSections[0].version = -1 }),
        ("distinct names", { $0.ramBlocks[1].name = "" }),
    ]

    @Test func `what no guest has is refused with a sentence`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        for (expected, change) in Self.impossibleValues {
            var manifest = snapshot.manifest
            change(&manifest)
            try JSONEncoder().encode(manifest).write(to: URL(fileURLWithPath: "\(snapshot.path)/manifest.json"))
            #expect { try Snapshot(path: snapshot.path) } throws: { "\($0)".contains(expected) }
        }
    }

    @Test func `a manifest that would take memory in plenty is not decoded`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.make(in: directory)
        let path = "\(snapshot.path)/manifest.json"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        // It would still be valid JSON.
        try file.write(contentsOf: Data(repeating: 0x20, count: 32 << 20))
        try file.close()
        #expect { try Snapshot(path: snapshot.path) } throws: { "\($0)".contains("but at most 33554432 are read") }

        // What a native peer sends of its snapshot.
        let target = try SnapshotTarget(path: "\(directory.path)/copy")
        _ = try target.prepare(
            for: IncomingGuest(blocks: [RAMBlockInfo(name: "m", size: 4096)], configuration: "qemu-snapshot"))
        let manifest = try readFile(path)
        var sent = StreamBytes()
        sent.append(UInt32(1))
        sent.append(UInt32(13))
        sent.append(Array("manifest.json".utf8))
        sent.append(UInt64(manifest.count))
        sent.append(manifest)
        #expect { try target.load(deviceState: sent.bytes) } throws: {
            "\($0)".contains("has a manifest of \(manifest.count) bytes, but at most 33554432 are read")
        }
        target.abort()
    }

    @Test func `what would be refused when it is read is not written`() throws {
        let directory = try ScratchDirectory()
        let target = try SnapshotTarget(path: "\(directory.path)/snapshot")
        _ = try target.prepare(
            for: IncomingGuest(blocks: [RAMBlockInfo(name: "m\u{9B}2J", size: 4096)], configuration: "a\nb"))
        try target.load(deviceState: [1])
        #expect { try target.commit() } throws: { "\($0)".contains("'m\\u{009B}2J'") }
        target.abort()
        #expect(!directory.names.contains { $0.hasPrefix("snapshot") })
    }

    @Test func `a directory without a manifest is no snapshot`() throws {
        let directory = try ScratchDirectory()
        #expect { try Snapshot(path: directory.path) } throws: { "\($0)".contains("no snapshot") }
    }

    @Test func `a snapshot without descriptors for its files says what to allow`() {
        let error = SnapshotError.file(path: "s/ram", operation: "make 4096 bytes of room in", .tooManyOpenFiles)
        #expect(error.description.hasSuffix("'s/ram': Too many open files; allow more descriptors (ulimit -n)"))
    }
}
