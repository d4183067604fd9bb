import Foundation
import Multifd
import MultifdQEMU
import Testing

/// What is kept of streams whose iterations are known.
@Suite struct RecorderTests {
    /// What came in an iteration: `content:0-2` for pages 0 and 1 of the first RAMBlock.
    private static func runs(_ recording: Recording) -> [[String]] {
        recording.runs.map { runs in
            runs.map { run in
                "\(run.block == 0 ? "" : "\(run.block):")\(run.kind) \(run.first)"
                    + (run.count > 1 ? "+\(run.count)" : "")
            }
        }
    }

    static func plain() -> StreamBytes {
        var stream = StreamBytes()
        stream.begin()
        stream.command(1)
        stream.startRAM([("pc.ram", 8 << 12), ("vga", 2 << 12)])
        stream.endSection()
        stream.part()
        for number in 0..<3 { stream.page("pc.ram", number, page(7)) }
        stream.zeroPage("pc.ram", 3)
        stream.endSection()
        // Still the first iteration: nothing comes again.
        stream.part()
        stream.page("pc.ram", 4, page(8))
        stream.zeroPage("vga", 0)
        stream.page("vga", 1, page(9))
        stream.endSection()
        stream.part()
        stream.page("pc.ram", 0, page(7))
        stream.zeroPage("pc.ram", 1)
        stream.delta("pc.ram", 2, [0x00, 0x01, 0x55])
        stream.zeroPage("pc.ram", 3)
        stream.page("pc.ram", 5, page(1))
        stream.endSection()
        // For the last iteration the guest is stopped, whether or not pages come again.
        stream.part(end: true)
        stream.zeroPage("vga", 1)
        stream.page("pc.ram", 6, page(2))
        stream.endSection()
        stream.deviceState()
        return stream
    }

    static func record(_ stream: StreamBytes, into directory: ScratchDirectory) async throws -> Snapshot {
        try await receive(into: directory, channels: 0, records: true) { source in
            try source.send(stream)
            _ = try source.receive(8)
        }.get()
    }

    @Test func `where the stream does not tell iterations, a page that comes again does`() async throws {
        let directory = try ScratchDirectory()
        let recording = try Recording(try await Self.record(Self.plain(), into: directory))
        #expect(
            Self.runs(recording) == [
                ["content 0+3", "zero 3", "content 4", "1:zero 0", "1:content 1"],
                ["unchanged 0", "zero 1", "content 2", "unchanged 3", "content 5"],
                ["content 6", "1:zero 1"],
            ])
        #expect(recording.description.iterations.map(\.normal) == [5, 2, 1])
        #expect(recording.description.iterations.map(\.duplicate) == [2, 1, 1])
        #expect(recording.description.iterations.map(\.unchanged) == [0, 2, 0])
        // The page of zeros, and eight with content: none twice.
        #expect(recording.description.pages.size == 9 << 12)
        try recording.snapshot.verify()
    }

    @Test func `a round without channels ends where QEMU comes back, not with the section`() async throws {
        var stream = StreamBytes()
        stream.begin()
        stream.command(1)
        stream.startRAM([("pc.ram", 8 << 12), ("vga", 2 << 12)])
        stream.endSection()
        stream.part()
        for number in 0..<8 { stream.page("pc.ram", number, page(7)) }
        stream.endSection()
        stream.part()
        // The end of the first round, the second, whose pages all come for the second time, and the third.
        stream.zeroPage("vga", 0)
        stream.page("vga", 1, page(9))
        stream.page("pc.ram", 2, page(1))
        stream.zeroPage("pc.ram", 5)
        stream.zeroPage("pc.ram", 3)
        stream.zeroPage("pc.ram", 4)
        stream.endSection()
        // Begins where the third has stopped.
        stream.part(end: true)
        stream.page("pc.ram", 6, page(2))
        stream.zeroPage("pc.ram", 0)
        stream.endSection()
        stream.deviceState()
        let directory = try ScratchDirectory()
        let recording = try Recording(try await Self.record(stream, into: directory))
        #expect(
            Self.runs(recording) == [
                ["content 0+8", "1:zero 0", "1:content 1"],
                ["content 2", "zero 5"],
                ["zero 3+2"],
                ["zero 0", "content 6"],
            ])
    }

    @Test func `by round, every barrier ends an iteration`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await receive(into: directory, channels: 2, records: true) { source in
            var stream = StreamBytes.guest(pages: 8, returnPath: true, barrier: true)
            stream.part()
            stream.zeroPage("m", 7)
            stream.barrier()
            stream.endSection()
            stream.endRAM(barrier: true)
            stream.deviceState()
            try source.addChannel(0)
            try source.addChannel(1)
            for channel in 0..<2 {
                let pages = PacketBytes.pages("m", normal: [(channel, 5), (channel + 2, 6)], zero: [channel + 4])
                let again = PacketBytes.pages("m", normal: [(channel + 4, 6)])
                try source.send(
                    PacketBytes.sync() + pages + PacketBytes.sync() + again + PacketBytes.sync(), on: channel)
            }
            try source.send(stream)
            _ = try source.receive(8)
        }.get()
        let recording = try Recording(snapshot)
        #expect(Self.runs(recording)[1] == ["content 4", "content 5"] || Self.runs(recording)[1] == ["content 4+2"])
        #expect(recording.description.iterations.map(\.normal) == [4, 2])
        #expect(recording.description.iterations.map(\.duplicate) == [3, 0])
    }

    @Test func `a page that comes on two channels at once counts once`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await receive(into: directory, channels: 2, records: true) { source in
            var stream = StreamBytes.guest(pages: 8, returnPath: true)
            stream.part()
            stream.endSection()
            stream.endRAM()
            stream.deviceState()
            try source.addChannel(0)
            try source.addChannel(1)
            for channel in 0..<2 {
                let pages = PacketBytes.pages("m", normal: [(channel, 5), (channel + 1, UInt8(6 + channel))])
                let last = channel == 0 ? PacketBytes.pages("m", normal: [(1, 8)]) : []
                try source.send(
                    PacketBytes.sync() + pages + PacketBytes.sync() + last + PacketBytes.sync(), on: channel)
            }
            try source.send(stream)
            _ = try source.receive(8)
        }.get()
        let recording = try Recording(snapshot)
        #expect(recording.description.iterations.map(\.normal) == [3, 1])
        #expect(Self.runs(recording)[1] == ["content 1"])
        try snapshot.verify()
    }

    @Test func `a snapshot without a recording is told from one`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await receive(into: directory) { source in
            try source.send(Self.plain())
            _ = try source.receive(8)
        }.get()
        #expect(throws: SnapshotError.notRecorded(path: snapshot.path)) { try Recording(snapshot) }
    }

    // MARK: Hashes

    /// They are taken while pages come, so that a paused guest does not wait for them; XXH3 of a file is not.
    @Test func `pages are hashed one by one, and a recording from before, hashed as a file, is read`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.record(Self.plain(), into: directory)
        #expect(snapshot.manifest.version == 2)
        let path = "\(snapshot.path)/recording.pages"
        // Safe: UInt8 and UInt64 have no padding.
        let zero = unsafe Checksum.of([UInt8](repeating: 0, count: 4096).span.bytes)
        let content = try readFile(path)
        let pages = stride(from: 0, to: content.count, by: 4096).map { start in
            unsafe Checksum.of(Array(content[start..<start + 4096]).span.bytes) ^ zero
        }
        #expect(snapshot.manifest.recording?.pages.hash == Self.hexadecimal(unsafe Checksum.of(pages.span.bytes)))

        let file = "\(snapshot.path)/manifest.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let hash = try #require(snapshot.manifest.recording?.pages.hash)
        try text.replacing("\"version\" : 2\n", with: "\"version\" : 1\n")
            .replacing(hash, with: Self.hexadecimal(unsafe Checksum.of(content.span.bytes)))
            .write(toFile: file, atomically: true, encoding: .utf8)
        let old = try Snapshot(path: snapshot.path)
        #expect(old.manifest.version == 1)
        try old.verify()
        #expect(try Recording(old).runs == Recording(snapshot).runs)
    }

    private static func hexadecimal(_ hash: UInt64) -> String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: Damage

    /// Writes the index anew, with a hash that fits.
    private static func rewrite(
        _ snapshot: Snapshot, _ change: (inout [UInt8], inout SnapshotManifest) -> Void
    ) throws -> Result<Recording, SnapshotError> {
        var manifest = snapshot.manifest
        let path = "\(snapshot.path)/recording.index"
        var index = try readFile(path)
        change(&index, &manifest)
        try Data(index).write(to: URL(fileURLWithPath: path))
        // Safe: UInt8 has no padding.
        manifest.recording?.index.hash = hexadecimal(unsafe Checksum.of(index.span.bytes))
        manifest.recording?.index.size = index.count
        try JSONEncoder().encode(manifest).write(to: URL(fileURLWithPath: "\(snapshot.path)/manifest.json"))
        return Result { () throws(SnapshotError) in
            let found = try Snapshot(path: snapshot.path)
            #expect(throws: SnapshotError.self) { try found.verify() }
            return try Recording(found)
        }
    }

    /// Where in the index, and what: each makes one run impossible.
    @Test(arguments: [
        (0, 0xff), (3, 2),  // no such RAMBlock
        (7, 0), (7, 4), (4, 1),  // no such kind
        (15, 8), (8, 0x80),  // behind the RAMBlock's end
        (23, 0), (23, 9), (16, 0xff),  // no pages, too many
        (31, 0), (31, 99), (24, 0x7f),  // no content there
        (63, 1),  // zeros with content
        (47, 1),  // pages of the run before
    ]) func `a run of pages that cannot be is refused with a sentence`(position: Int, byte: Int) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.record(Self.plain(), into: directory)
        let result = try Self.rewrite(snapshot) { index, _ in index[position] = UInt8(byte) }
        #expect { try result.get() } throws: { "\($0)".contains("is damaged: its recording has a run") }
    }

    @Test func `iterations that the index does not hold are refused with a sentence`() async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.record(Self.plain(), into: directory)
        for change: @Sendable (inout SnapshotRecording) -> Void in [
            { $0.iterations[0].runs += 1 }, { $0.iterations = [] }, { $0.iterations[1].microseconds = -1 },
            { $0.iterations[1].microseconds = .max }, { $0.iterations[0].runs = .max },
            // The player would look for the first of no pages, or divide by their count.
            {
                $0.iterations.append(
                    SnapshotRecording.Iteration(microseconds: 1, runs: 0, normal: 0, duplicate: 0, unchanged: 0))
            },
            {
                $0.iterations[1].normal = 0; $0.iterations[1].duplicate = 0; $0.iterations[1].unchanged = 0
            },
            { $0.iterations[0].normal += 1 },
        ] {
            let result = try Self.rewrite(snapshot) { _, manifest in
                if var recording = manifest.recording {
                    change(&recording)
                    manifest.recording = recording
                }
            }
            #expect { try result.get() } throws: { "\($0)".contains("is damaged: its recording's iterations") }
            try JSONEncoder().encode(snapshot.manifest)
                .write(to: URL(fileURLWithPath: "\(snapshot.path)/manifest.json"))
        }
    }

    @Test(arguments: ["recording.index", "recording.pages"])
    func `every flipped byte is found`(file: String) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await Self.record(Self.plain(), into: directory)
        let path = "\(snapshot.path)/\(file)"
        let content = try readFile(path)
        for position in stride(from: 0, to: content.count, by: 97) {
            var damaged = content
            damaged[position] ^= 0x10
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            #expect { try Recording(Snapshot(path: snapshot.path)) } throws: { "\($0)".contains("is damaged") }
        }
        if file == "recording.pages" { _ = try Recording(Snapshot(path: snapshot.path), verifies: false) }
        try Data(content.dropLast(32)).write(to: URL(fileURLWithPath: path))
        #expect { try Recording(Snapshot(path: snapshot.path)) } throws: { "\($0)".contains("is damaged") }
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: SnapshotError.self) { try Recording(Snapshot(path: snapshot.path)) }
    }
}
