import Multifd
import Testing

@testable import MultifdQEMU

/// How many iterations a recording holds.
@Suite struct RecordingLimitTests {
    /// Of a guest of one page, which comes so many times: as zeros.
    private static func record(
        iterations: Int, into directory: ScratchDirectory
    ) async throws -> Result<Snapshot, MigrationError> {
        try await receive(into: directory, channels: 0, records: true) { source in
            var stream = StreamBytes.guest()
            stream.part()
            stream.zeroPage("m", 0)
            for _ in 1..<iterations { stream.zeroPage(nil, 0) }
            stream.endSection()
            stream.endRAM()
            stream.deviceState()
            try source.send(stream)
        }
    }

    @Test func `a recording of very many iterations is read again, and one of more than fit ends at once`() async throws
    {
        let count = 190_000
        let directory = try ScratchDirectory()
        let snapshot = try await Self.record(iterations: count, into: directory).get()
        #expect(try Recording(snapshot).runs.count == count)

        let other = try ScratchDirectory()
        let result = try await Self.record(iterations: 250_000, into: other)
        #expect { try result.get() } throws: {
            "\($0)".contains(" iterations, and more come: receive the guest without")
        }
        #expect(!other.names.contains { $0.hasPrefix("snapshot") && !$0.hasSuffix(".in") })
    }

    @Test(arguments: [0, 9, 1 << 38 - 1]) func `what an iteration takes of a manifest is known`(number: Int) throws {
        let iteration = SnapshotRecording.Iteration(
            microseconds: number, runs: number, normal: number, duplicate: number, unchanged: number)
        func byteCount(_ count: Int) throws -> Int {
            let file = SnapshotFile(file: "f", size: 0, hash: "h")
            var manifest = SnapshotManifest(created: "now", deviceState: file)
            manifest.set(
                SnapshotRecording(pages: file, index: file, iterations: Array(repeating: iteration, count: count)))
            return try manifest.encode(for: "x").count
        }
        #expect(try byteCount(3) - byteCount(1) == 2 * iteration.textByteCount)
    }
}
