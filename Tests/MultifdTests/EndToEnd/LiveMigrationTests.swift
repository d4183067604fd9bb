import Multifd
import Synchronization
import Testing

/// What a running guest may meet on its way.
@Suite(.serialized) struct LiveMigrationTests {
    private func patient(_ change: (inout MigrationParameters) -> Void = { _ in }) -> MigrationParameters {
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        change(&parameters)
        return parameters
    }

    /// A zero page that was never sent needs no clearing; one that was, does.
    @Test(arguments: MultifdCompression.allCases, ZeroPageDetection.allCases)
    func `a page that becomes zero after it was sent arrives as zero`(
        compression: MultifdCompression, detection: ZeroPageDetection
    ) async throws {
        let guest = try SteppedGuest(pageCount: 300)
        guest.onSync = { [unowned guest] in
            for page in [0, 5, 6, 127, 128, 299] { guest.write(0, toPage: page) }
            guest.write(77, toPage: 200)
        }
        let target = SteppedTarget()
        try await migrate(
            guest, to: target,
            patient {
                $0.multifdCompression = compression
                $0.zeroPageDetection = detection
                $0.verifyMemory = true
            })
        let memory = try #require(target.memory)
        #expect(memory.equals(guest.memory))
        #expect(memory.blocks[0].holdsZeros(page: 5))
        #expect(memory.blocks[0].number(ofPage: 200) == 77)
        #expect(target.deviceState == [1, 2, 3])
    }

    /// Also in the file, where such a page becomes a hole again.
    @Test func `a page that becomes zero is a hole in the output`() async throws {
        let folder = try TemporaryFolder()
        let guest = try SteppedGuest(pageCount: 300)
        guest.onSync = { [unowned guest] in for page in 100..<200 { guest.write(0, toPage: page) } }
        try await migrate(guest, to: ImageFileTarget(path: folder.path + "/output"), patient())
        let output = try contents(ofFile: folder.path + "/output")
        #expect(output.bytes == contents(of: guest.memory))
        #expect(output.allocated == 200 * Page.byteCount)
    }

    @Test func `RAMBlocks of all sizes and names arrive`() async throws {
        let names = ["a", "0000:00:02.0/vga.vram", "größe", String(repeating: "n", count: 255), " "]
        let guest = try StillGuest(
            blocks: [1, 127, 128, 129, 700].enumerated().map { index, pages in
                let block = try RAMBlock(name: names[index], byteCount: pages * Page.byteCount)
                for page in stride(from: index, to: pages, by: 2) {
                    block.writeNumber(UInt64(index * 1000 + page + 1), toPage: page)
                }
                return block
            })
        for channels in [1, 3] {
            let target = MemoryTarget()
            let report = try await migrate(guest, to: target, patient { $0.multifdChannels = channels })
            let memory = try #require(target.memory)
            #expect(memory.equals(guest.memory))
            #expect(memory.blocks.map(\.name) == names)
            #expect(report.guest?.ramBlocks.map(\.name) == names)
        }
    }

    @Test func `a guest of zeros alone arrives`() async throws {
        let target = MemoryTarget()
        let guest = try StillGuest(blocks: [RAMBlock(name: "ram", byteCount: 1 << 22)])
        let report = try await migrate(guest, to: target)
        #expect(try #require(target.memory).equals(guest.memory))
        #expect(report.ram.duplicate == 1024)
        #expect(report.ram.normal == 0)
    }

    @Test func `as many channels as there may be carry a guest`() async throws {
        let guest = try SteppedGuest(pageCount: 1000)
        let target = SteppedTarget()
        let report = try await migrate(guest, to: target, patient { $0.multifdChannels = 255 })
        #expect(try #require(target.memory).equals(guest.memory))
        #expect(report.channels.count == 255)
        #expect(report.channels.reduce(0) { $0 + $1.bytesOut } == report.ram.multifdBytes)
    }

    // MARK: Downtime

    @Test func `the downtime is the sum of its steps, and covers all that happened`() async throws {
        let guest = try SteppedGuest(pageCount: 2000)
        let target = SteppedTarget()
        let pausedAt = Mutex(MonotonicTime.now)
        let loadedAt = Mutex(MonotonicTime.now)
        guest.onPause = { pausedAt.withLock { $0 = .now } }
        target.onLoad = { loadedAt.withLock { $0 = .now } }
        let report = try await migrate(guest, to: target, patient())
        let breakdown = try #require(report.downtimeBreakdown)
        #expect(report.downtime == breakdown.total)
        let steps = [
            breakdown.pause, breakdown.finalSync, breakdown.finalIteration, breakdown.deviceState, breakdown.commit,
            breakdown.resume,
        ]
        #expect(steps.allSatisfy { $0 > .zero })
        // Not a time limit: what was measured encloses what is reported.
        #expect(breakdown.total >= loadedAt.withLock { $0 }.since(pausedAt.withLock { $0 }))
        #expect(breakdown.total <= report.totalTime)
    }

    @Test func `what is reported adds up`() async throws {
        let guest = try WorkloadGuest.running()
        let target = WorkloadTarget()
        let report = try await migrate(guest, to: target, patient { $0.multifdCompression = .zstd })
        #expect(report.ram.iterationCount == report.iterations.count)
        #expect(report.iterations.map(\.iteration) == Array(1...report.iterations.count))
        #expect(report.iterations.reduce(0) { $0 + $1.normal } == report.ram.normal)
        #expect(report.iterations.reduce(0) { $0 + $1.duplicate } == report.ram.duplicate)
        #expect(report.ram.precopyBytes + report.ram.downtimeBytes == report.ram.transferred)
        #expect(report.channels.reduce(0) { $0 + $1.packets } > 0)
        #expect(report.ram.remaining == 0)
        guest.shutDown()
        target.guest?.shutDown()
    }

    // MARK: Convergence

    /// No limit is met by what a switchover costs without a page.
    @Test func `a guest that has nothing left to send is switched over, whatever the limit`() async throws {
        let guest = try SteppedGuest(pageCount: 300)
        // Found by the first sync, before which nothing is decided.
        guest.onContent = { [unowned guest] in guest.write(77, toPage: 200) }
        let target = SteppedTarget()
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .zero
        parameters.timeout = .seconds(20)
        try await migrate(guest, to: target, parameters)
        #expect(try #require(target.memory).equals(guest.memory))
    }

    /// What was hashed after the first iteration alone would have to be hashed while the guest is paused.
    @Test func `a guest that has nothing left but memory to be hashed is switched over`() async throws {
        // Five pieces of the digest.
        let guest = try SteppedGuest(pageCount: 5 * 64)
        guest.onContent = { [unowned guest] in guest.write(77, toPage: 200) }
        guest.onEachSync = { [unowned guest] sync in if sync < 5 { guest.write(UInt64(sync), toPage: sync * 64) } }
        let target = SteppedTarget()
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .zero
        parameters.verifyMemory = true
        parameters.timeout = .seconds(20)
        let report = try await migrate(guest, to: target, parameters)
        #expect(report.verified)
        #expect(try #require(target.memory).equals(guest.memory))
    }

    @Test func `that a limit leaves no room for a single page is told`() async throws {
        let guest = try SteppedGuest(pageCount: 300)
        guest.dirtiesAll = true
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .zero
        parameters.timeout = .seconds(1)
        await #expect { try await migrate(guest, to: SteppedTarget(), parameters) } throws: {
            "\($0)".contains("without a single page, and downtime-limit is 0 ms: set a longer one")
        }
        #expect(guest.isRunning)
    }

    @Test func `a guest that dirties at twice the link's rate is given up at the timeout, and runs on`() async throws {
        let guest = try WorkloadGuest.running("stress,ram=16MiB,vcpus=1,working-set=12MiB,rate=80MB/s")
        let target = WorkloadTarget()
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 40_000_000
        parameters.downtimeLimit = .milliseconds(20)
        parameters.timeout = .seconds(1)
        let error = await #expect(throws: MigrationError.self) {
            try await migrate(guest, to: target, parameters)
        }
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(guest.isRunning)
        #expect(target.guest == nil)
        guest.shutDown()
    }

    /// Nobody ever waits for long: only somebody who looks at the clock notices.
    @Test func `a timeout that is set while everything flows ends the migration`() async throws {
        let guest = try SteppedGuest(pageCount: 4096)
        guest.dirtiesAll = true
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: patient { $0.downtimeLimit = .zero }, logger: silent)
        let received = destination.begin()
        let steering = Task {
            for await case .iteration(let iteration) in source.events where iteration.iteration == 2 {
                var changes = ParameterChanges()
                changes.timeout = .seconds(1)
                try source.change(changes)
            }
        }
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        guard case .failure(.timedOut) = sent else {
            Issue.record("\(sent)")
            return
        }
        let taken = await received.value
        guard case .failure(.refused) = taken else {
            Issue.record("\(taken)")
            return
        }
        try await steering.value
        #expect(guest.isRunning)
    }

    @Test func `a migration that crawls is freed by a change of its bandwidth`() async throws {
        let guest = try SteppedGuest(pageCount: 2000)
        let target = SteppedTarget()
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target, logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: patient { $0.maxBandwidth = 1000 }, logger: silent)
        let received = destination.begin()
        let steering = Task {
            for await case .status(.active) in source.events {
                var changes = ParameterChanges()
                changes.maxBandwidth = 0
                try source.change(changes)
            }
        }
        let report = try await source.run()
        _ = try await received.value.get()
        try await steering.value
        #expect(report.parameters?.maxBandwidth == 0)
        #expect(try #require(target.memory).equals(guest.memory))
    }

    @Test func `a change that is not valid changes nothing`() async throws {
        let guest = try SteppedGuest(pageCount: 16)
        let source = try MigrationSource(
            guest: guest, to: MigrationURI(parsing: "tcp:127.0.0.1:1"), parameters: patient(), logger: silent)
        var changes = ParameterChanges()
        changes.maxBandwidth = 5
        changes.downtimeLimit = .seconds(-1)
        #expect(throws: ParameterError.self) { try source.change(changes) }
        await #expect(throws: MigrationError.self) { try await source.run() }
        #expect(source.info.parameters?.maxBandwidth == 0)
    }

    @Test(arguments: MultifdCompression.allCases)
    func `a live guest becomes a file of its memory at the switchover`(compression: MultifdCompression) async throws {
        let folder = try TemporaryFolder()
        let guest = try WorkloadGuest.running()
        try await migrate(
            guest, to: ImageFileTarget(path: folder.path + "/output"),
            patient {
                $0.multifdCompression = compression
                $0.verifyMemory = true
            })
        // The guest at the source stays as it was paused.
        #expect(try contents(ofFile: folder.path + "/output").bytes == contents(of: guest.memory))
        #expect(folder.contents == ["output"])
        guest.shutDown()
    }
}
