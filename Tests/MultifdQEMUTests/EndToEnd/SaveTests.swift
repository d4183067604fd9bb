import Foundation
import Multifd
import MultifdQEMU
import Testing

/// `multifd qemu save` and `restore`, with a real QEMU whose guest checks its own memory.
@Suite(QEMUProcess.isInstalled, .serialized) struct SaveTests {
    private static func start(
        _ name: String, in directory: ScratchDirectory, incoming: Bool = false, options: [String] = [],
        memory: String? = nil
    ) throws -> QEMUProcess {
        try QEMUProcess(
            name, in: directory, program: PatternGuest.assemble(in: directory.path),
            options: options + (incoming ? ["-incoming", "defer"] : []), memory: memory)
    }

    /// Memory in a file, as `x-ignore-shared` has a use for.
    private static func sharedMemory(_ name: String, in directory: ScratchDirectory) -> String {
        "memory-backend-file,id=ram0,size=\(PatternGuest.ramByteCount),mem-path=\(directory.path)/\(name),share=on"
    }

    private static func save(
        _ qemu: QEMUProcess, to path: String, _ afterwards: QEMUSaveOptions.Afterwards = .resume,
        channels: Int = 2, compression: MultifdCompression = .zstd, xbzrle: Bool = false, uri: MigrationURI? = nil
    ) throws -> QEMUSave {
        var parameters = MigrationParameters()
        parameters.multifdChannels = max(1, channels)
        parameters.multifdCompression = channels > 0 ? compression : .none
        parameters.downtimeLimit = .milliseconds(2000)
        parameters.xbzrle = xbzrle
        var options = QEMUSaveOptions()
        options.afterwards = afterwards
        options.usesMultifd = channels > 0
        options.uri = uri
        return try QEMUSave(
            qmp: qemu.qmpAddress, to: path, parameters: parameters, options: options, logger: silent)
    }

    private static func restore(
        _ path: String, into qemu: QEMUProcess, channels: Int = 2, uri: MigrationURI? = nil
    ) async throws {
        var parameters = MigrationParameters()
        parameters.multifdChannels = max(1, channels)
        try await QEMURestore(
            snapshot: Snapshot(path: path), qmp: qemu.qmpAddress, parameters: parameters, usesMultifd: channels > 0,
            uri: uri, logger: silent
        ).run()
    }

    @Test(arguments: [0, 1, 3]) func `a saved guest runs on, and QEMU is set as it was`(channels: Int) async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(2)
        let before = try qemu.settings()
        qemu.releaseQMP()
        let save = try Self.save(qemu, to: "\(directory.path)/vm", channels: channels, xbzrle: channels == 0)
        let info = try await save.run()
        #expect(info.status == .completed)
        #expect(info.downtime != nil)
        try qemu.connectQMP()
        #expect(qemu.status == "running")
        #expect(try qemu.settings() == before)
        try qemu.waitForPasses(2)
        let snapshot = try Snapshot(path: "\(directory.path)/vm")
        try snapshot.verify()
        #expect(snapshot.manifest.qemu?.sourceVersion == qemu.qmp.version)
        #expect(snapshot.manifest.qemu?.multifdChannels == channels)
        let ram = try #require(snapshot.manifest.ramBlocks.first { $0.name == "pc.ram" })
        #expect(try PatternGuest.defect(inRAM: "\(snapshot.path)/\(ram.file)") == nil)
    }

    @Test func `a bandwidth that only an unsigned number holds is set as it was`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.qmp.execute(
            "migrate-set-parameters", ["max-bandwidth": .unsigned(.max)])
        let before = try qemu.settings()
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        try qemu.connectQMP()
        #expect(try qemu.settings() == before)
    }

    @Test func `a QEMU that would leave its shared memory behind sends it`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory, memory: Self.sharedMemory("ram", in: directory))
        try qemu.waitForPasses(2)
        try qemu.qmp.execute(
            "migrate-set-capabilities", ["capabilities": [["capability": "x-ignore-shared", "state": true]]])
        let before = try qemu.settings()
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        try qemu.connectQMP()
        #expect(try qemu.settings() == before)
        let snapshot = try Snapshot(path: "\(directory.path)/vm")
        let ram = try #require(snapshot.manifest.ramBlocks.first { $0.size == PatternGuest.ramByteCount })
        #expect(ram.neverSent.isEmpty)
        #expect(try PatternGuest.defect(inRAM: "\(snapshot.path)/\(ram.file)") == nil)
    }

    @Test func `a guest without its shared memory goes back to where that memory is`() async throws {
        let directory = try ScratchDirectory()
        let memory = Self.sharedMemory("ram", in: directory)
        let qemu = try Self.start("vm", in: directory, memory: memory)
        try qemu.waitForPasses(2)
        try qemu.qmp.execute(
            "migrate-set-capabilities", ["capabilities": [["capability": "x-ignore-shared", "state": true]]])
        _ = try await qemu.save(to: "\(directory.path)/vm", SaveMode(channels: 2))
        let pass = qemu.lastPass
        qemu.kill()
        let destination = try Self.start("destination", in: directory, incoming: true, memory: memory)
        destination.releaseQMP()
        try await Self.restore("\(directory.path)/vm", into: destination)
        try destination.connectQMP()
        try destination.waitForPass(pass + 2)
    }

    @Test func `saved, restored and saved again, memory is the same`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(2)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/first", .leavePaused).run()
        try qemu.connectQMP()
        #expect(qemu.status == "postmigrate")
        qemu.releaseQMP()
        // A guest that has been migrated away cannot be saved, and is told so.
        await #expect { try await Self.save(qemu, to: "\(directory.path)/none").run() } throws: {
            "\($0)".contains("'cont'")
        }
        #expect(!directory.names.contains("none"))

        let second = try Self.start("second", in: directory, incoming: true, options: ["-S"])
        second.releaseQMP()
        try await Self.restore("\(directory.path)/first", into: second)
        try await Self.save(second, to: "\(directory.path)/again", .quit, channels: 1, compression: .zlib).run()
        try second.waitForEnd()
        let first = try Snapshot(path: "\(directory.path)/first").manifest
        let again = try Snapshot(path: "\(directory.path)/again").manifest
        #expect(again.ramBlocks.map(\.hash) == first.ramBlocks.map(\.hash))
        #expect(again.ramBlocks.map(\.name) == first.ramBlocks.map(\.name))
        #expect(again.qemu?.configurationSection.hash == first.qemu?.configurationSection.hash)
        #expect(again.qemu?.deviceSections == first.qemu?.deviceSections)
    }

    /// QEMU connects to no empty host, and has a working directory of its own.
    @Test(arguments: ["tcp::0", "tcp:127.0.0.1:0", "unix:multifd-\(UInt32.random(in: 0 ... .max))"])
    func `QEMU finds us wherever we listen`(text: String) async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        let uri = try MigrationURI(parsing: text)
        try await Self.save(qemu, to: "\(directory.path)/vm", .quit, uri: uri).run()
        let destination = try Self.start("destination", in: directory, incoming: true)
        destination.releaseQMP()
        if case .tcp = uri {
            await #expect { try await Self.restore("\(directory.path)/vm", into: destination, uri: uri) } throws: {
                "\($0)".contains("name one, or use a unix socket")
            }
        } else {
            try await Self.restore("\(directory.path)/vm", into: destination, uri: uri)
        }
    }

    @Test func `a guest that is to be encrypted goes over a socket of this machine, and over no other`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm", .quit).run()
        let destination = try Self.start(
            "destination", in: directory, incoming: true,
            options: ["-object", "tls-creds-anon,id=tls0,endpoint=server"])
        try destination.qmp.execute("migrate-set-parameters", ["tls-creds": "tls0"])
        let before = try destination.settings()
        destination.releaseQMP()
        let network = MigrationURI.tcp(host: "127.0.0.1", port: 1)
        await #expect { try await Self.restore("\(directory.path)/vm", into: destination, uri: network) } throws: {
            "\($0)".contains("tls-creds 'tls0'")
        }
        try await Self.restore("\(directory.path)/vm", into: destination)
        try destination.connectQMP()
        #expect(try destination.settings() == before)
    }

    private static let cycleCount = ProcessInfo.processInfo.environment["MULTIFD_CYCLES"].flatMap(Int.init) ?? 3

    /// `MULTIFD_CYCLES=50` for the long run.
    @Test func `a guest that is saved and restored over and over keeps its memory`() async throws {
        let directory = try ScratchDirectory()
        var qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        for cycle in 0..<Self.cycleCount {
            let pass = qemu.lastPass
            let path = "\(directory.path)/snapshot"
            qemu.releaseQMP()
            try await Self.save(qemu, to: path, .quit, channels: cycle % 4).run()
            try qemu.waitForEnd()
            qemu = try Self.start("vm\(cycle)", in: directory, incoming: true)
            qemu.releaseQMP()
            try await Self.restore(path, into: qemu, channels: cycle % 3 + 1)
            try qemu.connectQMP()
            try qemu.waitForPass(pass + 2)
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// `MULTIFD_CYCLES=50` for the long run.
    @Test func `a paused guest that is saved and restored over and over has the same memory each time`() async throws {
        let directory = try ScratchDirectory()
        var qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        try qemu.qmp.execute("stop")
        var hashes: Set<[String]> = []
        for cycle in 0..<Self.cycleCount {
            let path = "\(directory.path)/snapshot-\(cycle)"
            qemu.releaseQMP()
            try await Self.save(qemu, to: path, .quit, channels: cycle % 4).run()
            try qemu.waitForEnd()
            let snapshot = try Snapshot(path: path)
            try snapshot.verify()
            hashes.insert(snapshot.manifest.ramBlocks.map(\.hash))
            qemu = try Self.start("vm\(cycle)", in: directory, incoming: true)
            qemu.releaseQMP()
            try await Self.restore(path, into: qemu, channels: cycle % 3 + 1)
            try FileManager.default.removeItem(atPath: path)
        }
        #expect(hashes.count == 1)
    }

    @Test func `a QEMU that does not wait for a guest is told from one that does`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        let restore = try QEMURestore(
            snapshot: Snapshot(path: "\(directory.path)/vm"), qmp: qemu.qmpAddress, logger: silent)
        await #expect { try await restore.run() } throws: { "\($0)".contains("-incoming defer") }
        // The events end, too: a program that follows them does not wait for ever.
        for await _ in restore.events {}
        let elsewhere = try Self.start(
            "elsewhere", in: directory, options: ["-incoming", "unix:\(directory.path)/elsewhere.in"])
        elsewhere.releaseQMP()
        await #expect { try await Self.restore("\(directory.path)/vm", into: elsewhere) } throws: {
            "\($0)".contains("at an address already: start it anew, with -incoming defer")
        }
        let waiting = try Self.start("waiting", in: directory, incoming: true)
        waiting.releaseQMP()
        await #expect { try await Self.save(waiting, to: "\(directory.path)/none").run() } throws: {
            "\($0)".contains("waits for a guest")
        }
    }

    @Test(arguments: [0, 2]) func `a snapshot whose memory is damaged starts no guest, and spends no QEMU`(
        channels: Int
    ) async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        let snapshot = try Snapshot(path: "\(directory.path)/vm")
        let ram = try #require(snapshot.manifest.ramBlocks.first { $0.name == "pc.ram" })
        let file = try #require(FileHandle(forUpdatingAtPath: "\(snapshot.path)/\(ram.file)"))
        let place = UInt64(PatternGuest.start) + 5
        try file.seek(toOffset: place)
        let original = try #require(try file.read(upToCount: 1)?.first)
        func write(_ byte: UInt8) throws {
            try file.seek(toOffset: place)
            try file.write(contentsOf: [byte])
        }
        try write(~original)
        let destination = try Self.start("destination", in: directory, incoming: true)
        destination.releaseQMP()
        await #expect { try await Self.restore(snapshot.path, into: destination, channels: channels) } throws: {
            "\($0)".contains("\(ram.file)' is damaged: its hash is")
        }
        try destination.connectQMP()
        #expect(destination.status == "inmigrate")
        #expect(destination.passes.isEmpty)
        // It was told nothing, and takes the guest whole.
        destination.releaseQMP()
        try write(original)
        try await Self.restore(snapshot.path, into: destination, channels: channels)
        try destination.waitForPasses(2)
    }

    @Test func `a save that takes too long is given up, and leaves nothing behind`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        let before = try qemu.settings()
        qemu.releaseQMP()
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 20 << 20
        parameters.downtimeLimit = .zero
        parameters.timeout = .seconds(2)
        let save = try QEMUSave(
            qmp: qemu.qmpAddress, to: "\(directory.path)/vm", parameters: parameters, logger: silent)
        await #expect { try await save.run() } throws: {
            guard case QEMUError.transfer(.timedOut(.seconds(2), _)) = $0 else { return false }
            return true
        }
        try qemu.connectQMP()
        #expect(qemu.status == "running")
        #expect(try qemu.settings() == before)
        #expect(!directory.names.contains { $0.hasPrefix("vm.partial") || $0 == "vm" })
        try qemu.waitForPasses(1)
    }

    @Test func `QEMU slows its guest down when it is asked to`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        let before = try qemu.settings()
        qemu.releaseQMP()
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 40 << 20
        parameters.downtimeLimit = .zero
        parameters.timeout = .seconds(60)
        parameters.autoConverge = true
        parameters.throttle = ThrottleParameters(policy: .dynamic)
        parameters.throttle.initial = 37
        let save = try QEMUSave(
            qmp: qemu.qmpAddress, to: "\(directory.path)/vm", parameters: parameters, logger: silent)
        let saved = Task { try await save.run() }
        var throttle: Int?
        for await case .progress(let info) in save.events {
            throttle = info.cpuThrottlePercentage ?? throttle
            if throttle ?? 0 > 0 { break }
        }
        #expect(throttle == 37)
        save.cancel()
        await #expect(throws: QEMUError.self) { try await saved.value }
        #expect(save.info.status == .cancelled)
        try qemu.connectQMP()
        #expect(try qemu.settings() == before)
    }

    @Test func `a restored guest has the settings that its QEMU had, and any UUID`() async throws {
        let directory = try ScratchDirectory()
        let uuid = "01234567-89ab-cdef-0123-456789abcdef"
        let qemu = try Self.start("vm", in: directory, options: ["-uuid", uuid])
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm", .quit, channels: 0).run()
        #expect(try Snapshot(path: "\(directory.path)/vm").manifest.qemu?.uuid == "0123456789abcdef0123456789abcdef")
        for (name, uuid) in [("same", uuid), ("other", "11111111-89ab-cdef-0123-456789abcdef")] {
            let destination = try Self.start(name, in: directory, incoming: true, options: ["-uuid", uuid])
            // The second was to send with deltas, and QEMU 10 has no channels beside them.
            try destination.qmp.execute(
                "migrate-set-capabilities",
                [
                    "capabilities": [
                        ["capability": "postcopy-ram", "state": true],
                        ["capability": "xbzrle", "state": .bool(name == "other")],
                    ]
                ])
            let before = try destination.settings()
            destination.releaseQMP()
            try await Self.restore("\(directory.path)/vm", into: destination, channels: 3)
            try destination.connectQMP()
            try destination.wait(for: "the guest to run") { destination.status == "running" }
            #expect(try destination.settings() == before)
        }
    }

    /// QEMU 7.2 has another way not to start it, of which the log tells.
    @Test func `a QEMU that does not start its guest, because another has the disk, is told as such`() async throws {
        let directory = try ScratchDirectory()
        let disk = "\(directory.path)/disk"
        try Data(count: 1 << 20).write(to: URL(fileURLWithPath: disk))
        let options = ["-drive", "file=\(disk),format=raw,if=virtio"]
        let qemu = try Self.start("vm", in: directory, options: options)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        let destination = try Self.start("other", in: directory, incoming: true, options: options)
        destination.releaseQMP()
        do {
            try await Self.restore("\(directory.path)/vm", into: destination)
            try destination.connectQMP()
            #expect(destination.status == "paused" && destination.qmp.version < QEMUVersion(major: 8, minor: 0))
        } catch QEMUError.notStarted {
        }
    }

    @Test func `a QEMU with another machine, or that cannot load the guest, is told so`() async throws {
        let directory = try ScratchDirectory()
        let qemu = try Self.start("vm", in: directory)
        try qemu.waitForPasses(1)
        qemu.releaseQMP()
        try await Self.save(qemu, to: "\(directory.path)/vm").run()
        let other = try QEMUProcess(
            "other", in: directory, program: PatternGuest.assemble(in: directory.path), machine: "q35",
            options: ["-incoming", "defer"])
        other.releaseQMP()
        await #expect { try await Self.restore("\(directory.path)/vm", into: other) } throws: {
            "\($0)".contains("is of the machine 'pc-i440fx-") && "\($0)".contains("but this QEMU has 'pc-q35-")
        }
        let small = try Self.start("small", in: directory, incoming: true, options: ["-m", "40"])
        let saysWhy = small.qmp.version >= QEMUVersion(major: 9, minor: 1)
        small.releaseQMP()
        await #expect { try await Self.restore("\(directory.path)/vm", into: small) } throws: {
            "\($0)".contains("could not load the guest") && (!saysWhy || "\($0)".contains("load of migration failed"))
        }
    }
}
