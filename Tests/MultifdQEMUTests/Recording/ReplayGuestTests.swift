import Foundation
import Multifd
import MultifdQEMU
import SystemPackage
import Testing

/// Recordings played to a native destination.
@Suite struct ReplayGuestTests {
    /// Replays a recording, and stores what arrives as a snapshot.
    static func replay(
        _ recording: Recording, speed: ReplaySpeed, to path: String, _ parameters: MigrationParameters
    ) async throws -> (guest: ReplayGuest, info: MigrationInfo, snapshot: Snapshot) {
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), snapshot: SnapshotTarget(path: path), logger: silent)
        async let received = destination.run()
        let guest = try ReplayGuest(recording, speed: speed)
        var parameters = parameters
        parameters.verifyMemory = true
        let info = try await MigrationSource(
            guest: guest, to: destination.uri, parameters: parameters, logger: silent
        ).run()
        _ = try await received
        return (guest, info, try Snapshot(path: path))
    }

    static func parameters(_ compression: MultifdCompression, deltas: Bool) -> MigrationParameters {
        var parameters = MigrationParameters()
        parameters.multifdCompression = compression
        parameters.xbzrle = deltas
        return parameters
    }

    @Test(arguments: [MultifdCompression.none, .zstd, .auto], [false, true])
    func `step by step it ends with the snapshot's memory`(compression: MultifdCompression, deltas: Bool) async throws {
        let directory = try ScratchDirectory()
        let recording = try Recording(try await RecorderTests.record(RecorderTests.plain(), into: directory))
        var parameters = Self.parameters(compression, deltas: deltas)
        // As far as the limit goes, the guest could be paused at the first sync.
        parameters.availSwitchoverBandwidth = 1 << 30
        parameters.downtimeLimit = .seconds(100)
        let (_, info, copy) = try await Self.replay(
            recording, speed: .synced, to: "\(directory.path)/copy", parameters)
        #expect(copy.manifest.ramBlocks.map(\.hash) == recording.snapshot.manifest.ramBlocks.map(\.hash))
        #expect(info.guest?.dirtyTracking == "replay")
        // A recorded iteration in each of its own: none is kept back until the guest is paused.
        #expect(info.iterations.dropFirst().map(\.pages) == [5, 2])
    }

    @Test func `by the clock it arrives as it was when it was paused, and at its end as the snapshot`() async throws {
        let directory = try ScratchDirectory()
        let recording = try Recording(try await RecorderTests.record(RecorderTests.plain(), into: directory))
        let (guest, _, copy) = try await Self.replay(
            recording, speed: .times(1000), to: "\(directory.path)/copy", Self.parameters(.zstd, deltas: true))
        let sent = MemoryDigest(of: guest.memory)
        let arrived = MemoryDigest(of: try SnapshotGuest(copy).memory)
        let all = guest.memory.blocks.map { [0..<$0.pageCount] }
        #expect(try sent.compute(content: all) == arrived.compute(content: all))

        guest.resume()
        let end = MemoryDigest(of: try SnapshotGuest(recording.snapshot).memory)
        let goal = try end.compute(content: all)
        let deadline = Date(timeIntervalSinceNow: 20)
        while try sent.compute(content: all) != goal {
            try #require(Date() < deadline, "the replay does not end")
            usleep(10_000)
        }
    }

    @Test func `what was zero at first takes no memory`() async throws {
        let directory = try ScratchDirectory()
        let pageCount = 2048
        var stream = StreamBytes.guest(pages: pageCount, returnPath: true)
        stream.part()
        for number in 0..<pageCount { stream.zeroPage("m", number) }
        stream.endSection()
        stream.endRAM()
        stream.deviceState()
        let recording = try Recording(try await RecorderTests.record(stream, into: directory))
        #expect(recording.description.iterations.first?.duplicate == pageCount)

        let block = try ReplayGuest(recording).memory.blocks[0]
        var residence = [UInt8](repeating: 0, count: pageCount)
        #expect(unsafe mincore(block.start, block.byteCount, &residence) == 0)
        #expect(residence.allSatisfy { $0 & 1 == 0 })
    }

    @Test(arguments: [ReplaySpeed.original, .synced])
    func `that the recording ended before the migration is in its report`(speed: ReplaySpeed) async throws {
        let directory = try ScratchDirectory()
        var stream = StreamBytes.guest(pages: 8, returnPath: true)
        stream.part()
        stream.page("m", 1, page(7))
        stream.endSection()
        stream.endRAM()
        stream.deviceState()
        // Of one iteration: at its end when it begins.
        let recording = try Recording(try await RecorderTests.record(stream, into: directory))
        let (_, info, _) = try await Self.replay(
            recording, speed: speed, to: "\(directory.path)/copy", Self.parameters(.none, deltas: false))
        #expect((info.guest?.recordingEnd != nil) == (speed == .original))
        let document = String(decoding: try JSONEncoder().encode(info), as: UTF8.self)
        #expect(document.contains("\"recording-end\":") == (speed == .original))
    }

    @Test func `the end of a recording that is played by the clock is noted when it comes`() async throws {
        let directory = try ScratchDirectory()
        let recording = try Recording(try await RecorderTests.record(RecorderTests.plain(), into: directory))
        let guest = try ReplayGuest(recording, speed: .times(1000))
        #expect(guest.recordingEnd == nil)
        try guest.dirtyLog?.start()
        let deadline = Date(timeIntervalSinceNow: 20)
        while guest.recordingEnd == nil {
            try #require(Date() < deadline, "the replay does not end")
            usleep(1000)
        }
    }

    @Test func `reading a recording and the memory that it begins with ends with the task`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await RecorderTests.record(RecorderTests.plain(), into: directory)
        let recording = try Recording(snapshot)
        let pages = "\(snapshot.path)/recording.pages"
        let reading = Task {
            while !Task.isCancelled { await Task.yield() }
            #expect(throws: SnapshotError.file(path: pages, operation: "read", .canceled)) { try Recording(snapshot) }
            #expect(throws: SnapshotError.self) { try Recording(snapshot, verifies: false) }
            #expect(throws: MemoryError.file(path: pages, operation: "read", .canceled)) {
                try ReplayGuest(recording)
            }
        }
        reading.cancel()
        await reading.value
    }

    @Test func `a failed migration leaves it playing`() async throws {
        let directory = try ScratchDirectory()
        let recording = try Recording(try await RecorderTests.record(RecorderTests.plain(), into: directory))
        let guest = try ReplayGuest(recording)
        let source = try MigrationSource(
            guest: guest, to: .unix(path: "\(directory.path)/nobody"), logger: silent)
        await #expect(throws: MigrationError.self) { try await source.run() }
        try guest.pause()
        guest.resume()
    }
}
