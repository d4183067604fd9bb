import Foundation
import Testing

@Suite struct InspectCommandTests {
    /// A snapshot of one page, whose RAM has another hash than its manifest says.
    ///
    /// - Parameter recordingByteCount: what it says of `recording.pages`, which there is not.
    private static func makeSnapshot(
        counts: String = #""normal": 1, "duplicate": 0, "never-sent": []"#, recordingByteCount: Int? = nil
    ) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("ram.raw", pageCount: 1)
        let recording = recordingByteCount.map {
            #"""
            "recording": {"pages": {"file": "recording.pages", "size": \#($0), "hash": ""},
                          "index": {"file": "recording.index", "size": 32, "hash": ""},
                          "iterations": [{"duration-us": 1, "runs": 1, "normal": 1, "duplicate": 0, "unchanged": 0}]},
            """#
        }
        let manifest = #"""
            {"format": "multifd-snapshot", "version": 1, "created": "2026-02-03T04:05:06Z", "page-size": 4096,
             "ram-blocks": [{"name": "m", "size": 4096, "file": "ram.raw", "hash": "", \#(counts)}], \#(recording ?? "")
             "device-state": {"file": "device-state.bin", "size": 0, "hash": "2d06800538d394c2"},
             "configuration": "a\u001b[31m\nb"}
            """#
        try manifest.write(toFile: directory.path("manifest.json"), atomically: true, encoding: .utf8)
        try Data().write(to: URL(fileURLWithPath: directory.path("device-state.bin")))
        return directory
    }

    /// What a native source says of its guest may be anything.
    @Test func `a guest's configuration does nothing to the terminal`() throws {
        let directory = try Self.makeSnapshot()
        let run = try CommandRun.result("inspect", directory.path("."), "--quick")
        #expect(run.exitCode == 0)
        #expect(run.output.contains(#"guest: a\u{1B}[31m\nb"#))
    }

    @Test(arguments: [
        (#""normal": 1, "duplicate": -9223372036854775808, "never-sent": [[0, 1]]"#, 4096, "do not add up"),
        (#""normal": 1, "duplicate": 0, "never-sent": []"#, Int.max, "sizes that no guest has"),
    ])
    func `numbers that nothing has are refused with a sentence`(counts: String, size: Int, sentence: String) throws {
        let directory = try Self.makeSnapshot(counts: counts, recordingByteCount: size)
        let run = try CommandRun.result("inspect", directory.path("."), "--quick")
        #expect(run.exitCode == 1 && run.error.contains(sentence))
    }

    @Test(.timeLimit(.minutes(1))) func `a recording that is a device without end is not read`() throws {
        let directory = try Self.makeSnapshot(recordingByteCount: 4096)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("recording.pages"), withDestinationPath: "/dev/zero")
        let run = try CommandRun.result("inspect", directory.path("."))
        #expect(run.exitCode == 1 && run.error.contains("is no file of the 4096 bytes that were stored"))
    }

    @Test func `a recording of one iteration has one iteration`() throws {
        let directory = try Self.makeSnapshot(recordingByteCount: 4096)
        let run = try CommandRun.result("inspect", directory.path("."), "--quick")
        #expect(run.output.contains("recording: 1 iteration in "))
    }

    @Test func `a snapshot for which no descriptor is left is not called damaged`() throws {
        let directory = try Self.makeSnapshot()
        for limit in 4...7 {
            let run = try CommandRun(
                ["inspect", directory.path("."), "--quick"], by: "ulimit -n \(limit); exec \"$@\""
            ).result()
            #expect(!run.error.contains("damaged"))
        }
    }

    @Test func `a snapshot that has lost its manifest is not taken for images`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("ram-0-m.raw", pageCount: 1)
        func send(_ path: String) throws -> CommandRun.Result {
            try CommandRun.result("send", path, "unix:\(directory.path("nobody"))")
        }
        #expect(!(try send(directory.path(".")).error.contains("snapshot")))
        _ = try directory.makeImage("recording.pages", pageCount: 1)
        let run = try send(directory.path("."))
        #expect(run.exitCode == 1)
        #expect(run.error.contains("'\(directory.path("."))' is an incomplete snapshot: without the manifest.json"))
        let partial = directory.path("vm.partial-1a")
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: false)
        try Data([1]).write(to: URL(fileURLWithPath: "\(partial)/configuration.bin"))
        #expect(try send(partial).error.contains("'\(partial)' is an incomplete snapshot"))
    }

    private struct Document: Decodable {
        var status: String
        var verified: Bool?
        var error: String?
        var format: String?

        private enum CodingKeys: String, CodingKey {
            case status
            case verified
            case error = "error-desc"
            case format
        }
    }

    @Test func `its document says whether hashes were compared, and why there is no more to say`() throws {
        let directory = try Self.makeSnapshot()
        func inspect(_ arguments: String...) throws -> (Int32, Document) {
            let run = try CommandRun(["inspect", directory.path("."), "--json"] + arguments).result()
            return (run.exitCode, try JSONDecoder().decode(Document.self, from: Data(run.output.utf8)))
        }
        let (code, quick) = try inspect("--quick")
        #expect(code == 0 && quick.status == "completed" && quick.verified == false)
        #expect(quick.format == "multifd-snapshot" && quick.error == nil)
        let (failure, full) = try inspect()
        #expect(failure == 1 && full.status == "failed" && full.error?.contains("is damaged: its hash is") == true)
    }
}
