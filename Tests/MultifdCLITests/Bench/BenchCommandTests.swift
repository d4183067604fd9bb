import Foundation
import Multifd
import Testing

/// Benchmarks from the command line, small ones.
@Suite struct BenchCommandTests {
    @Test func `channels are compared, and one number is recommended`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 300)
        let run = try CommandRun.result(
            "bench", "channels", image, "--channels", "1,2,1", "--modes", "none,auto,none", "--runs", "2", "--json",
            directory.path("all.json"), "--csv", directory.path("all.csv"))
        #expect(run.exitCode == 0, "\(run.error)")
        #expect(run.output.contains("none: use --multifd-channels "))
        #expect(run.output.contains("auto: use --multifd-channels "))
        let rows = String(decoding: try directory.contents("all.csv"), as: UTF8.self).split(separator: "\n")
        #expect(rows.count == 1 + 2 * 2 * 2)
        let document = try JSONSerialization.jsonObject(with: directory.contents("all.json")) as? [String: Any]
        #expect((document?["runs"] as? [Any])?.count == 8)
        #expect((document?["summaries"] as? [Any])?.count == 4)
    }

    @Test func `a matrix goes on where it was stopped`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 300)
        func run(_ runs: String, channels: String = "1") throws -> Int {
            let run = try CommandRun.result(
                "bench", "matrix", image, "--channels", channels, "--modes", "none,zstd:-1", "--runs", runs, "--json",
                directory.path("all.json"), "--csv", directory.path("all.csv"))
            #expect(run.exitCode == 0, "\(run.error)")
            // Table and rows are of what was asked for.
            #expect(run.output.split(separator: "\n").filter { $0.contains("none") || $0.contains("zstd") }.count == 2)
            let rows = String(decoding: try directory.contents("all.csv"), as: UTF8.self).split(separator: "\n")
            #expect(rows.count == 1 + 2 * (Int(runs) ?? 0))
            let document = try JSONSerialization.jsonObject(with: directory.contents("all.json")) as? [String: Any]
            return (document?["runs"] as? [Any])?.count ?? 0
        }
        // As mktemp(1) makes it.
        try Data().write(to: URL(filePath: directory.path("all.json")))
        #expect(try run("1") == 2)
        let before = try directory.contents("all.json")
        #expect(try run("1") == 2)
        #expect(try run("2") == 4)
        #expect(before != (try directory.contents("all.json")))
        let differences = [
            ["workload:idle,ram=1MiB"]: "whose input was",
            [image, "--downtime-limit", "100"]: "whose options was '--verify-memory --timeout 300' and not",
            [image, "--timeout", "200"]: "whose options was",
        ]
        for (arguments, expected) in differences {
            let other = try CommandRun(
                ["bench", "matrix"] + arguments + ["--json", directory.path("all.json")]
            ).result()
            #expect(other.exitCode == 1)
            #expect(other.error.contains(expected))
            #expect(other.error.hasSuffix("give the file of this matrix, or a new one\n"))
        }
        // Who asks for less, or for something else, loses nothing that was measured.
        #expect(try run("1") == 4)
        #expect(try run("1", channels: "2") == 6)
        #expect(try run("2") == 6)
        _ = try directory.makeImage("image", pageCount: 200)
        let replaced = try CommandRun.result("bench", "matrix", image, "--json", directory.path("all.json"))
        #expect(replaced.error.contains("whose content was"))
    }

    @Test func `files for the results are checked before anything runs`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 3)
        let path = directory.path("both")
        let same = try CommandRun.result("bench", "channels", image, "--json", path, "--csv", directory.path("./both"))
        #expect(same.exitCode == 2)
        #expect(same.error.contains("--json and --csv both name '\(path)'"))
        let taken = try CommandRun.result("bench", "channels", image, "--json", directory.path(""))
        #expect(taken.error.contains("': Is a directory\n"))
        let full = try CommandRun.result("bench", "channels", image, "--csv", "/dev/full")
        #expect(full.exitCode == 1)
        #expect(full.error == "multifd: cannot write the file '/dev/full': No space left on device\n")
        let nothing = try TemporaryDirectory()
        let empty = try CommandRun.result("bench", "channels", nothing.path(""))
        #expect(empty.error.contains("the directory '\(nothing.path(""))' holds no image"))
    }

    /// Links of its own: as root, a defect here would replace the machine's /dev/stdout.
    @Test(arguments: [#"exec "$@""#, #"file=$(mktemp); "$@" > "$file"; cat "$file"; rm "$file""#])
    func `a document on standard output stands alone there`(
        script: String
    ) throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 30)
        let link = directory.path("stdout")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc/self/fd/1")
        let run = try CommandRun(
            ["bench", "matrix", image, "--channels", "1", "--modes", "none", "--runs", "2", "--json", link], by: script
        ).result()
        let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        #expect((document?["runs"] as? [Any])?.count == 2)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/proc/self/fd/1")
    }

    @Test func `a directory of images is a guest with a RAMBlock for each, and live guests send deltas`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("one", pageCount: 30)
        _ = try directory.makeImage("two", pageCount: 60)
        let images = try CommandRun.result(
            "bench", "channels", directory.path(""), "--channels", "1", "--modes", "zstd", "--runs", "1")
        #expect(images.exitCode == 0, "\(images.error)")
        let live = try CommandRun.result(
            "bench", "compression", "workload:counter,ram=8MiB,rate=10MB/s", "--modes", "none,zstd+deltas", "--link",
            "1Gbit/s", "--runs", "1")
        #expect(live.exitCode == 0, "\(live.error)")
        #expect(live.output.contains("only runs with --link tell which mode wins there"))
    }

    @Test func `a snapshot is an input, RAMBlock by RAMBlock, and so is a recording`() throws {
        let directory = try TemporaryDirectory()
        let snapshot = directory.path("vm")
        let socket = "unix:\(directory.path("socket"))"
        let destination = try CommandRun(["receive", socket, "--record", snapshot])
        try directory.waitForFiles(count: 1)
        let sent = try CommandRun.result(
            "send", "workload:mixed,ram=16MiB,blocks=2,working-set=2MiB,rate=20MB/s", socket, "--max-bandwidth",
            "30MB/s",
            "--downtime-limit", "50")
        #expect(sent.exitCode == 0, "\(sent.error)")
        #expect(try destination.result().exitCode == 0)
        let inspected = try CommandRun.result("inspect", snapshot)
        #expect(inspected.output.contains("recording: "))

        let json = directory.path("all.json")
        let run = try CommandRun.result(
            "bench", "compression", snapshot, "--modes", "none,zstd", "--runs", "1", "--json", json)
        #expect(run.exitCode == 0, "\(run.error)")
        #expect(run.output.contains("RAMBlock"))
        let document = try JSONSerialization.jsonObject(with: directory.contents("all.json")) as? [String: Any]
        let blocks = document?["ram-blocks"] as? [[String: Any]]
        #expect(blocks?.count == 2)
        #expect(blocks?.allSatisfy { ($0["modes"] as? [[String: Any]])?.last?["ratio"] as? Double ?? 0 > 1.1 } == true)
        for arguments in [["channels", snapshot], ["matrix", snapshot], ["channels", "replay:\(snapshot),speed=10"]] {
            let run = try CommandRun(
                ["bench"] + arguments + ["--channels", "1", "--modes", "zstd", "--runs", "1"]
            ).result()
            #expect(run.exitCode == 0, "\(run.error)")
        }
    }

    @Test func `an input whose name looks like an option is an input`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("-x.raw", pageCount: 30)
        let run = try CommandRun(
            ["bench", "channels", "--channels", "1", "--modes", "none", "--runs", "1", "--", "-x.raw"],
            by: "cd '\(directory.path("."))' && exec \"$@\""
        ).result()
        #expect(run.exitCode == 0, "\(run.error)")
    }

    @Test func `a temporary directory that is not there is named, and what names it`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 3)
        let run = try CommandRun(["bench", "channels", image], by: "TMPDIR=/nowhere exec \"$@\"").result()
        #expect(run.exitCode == 1)
        #expect(run.error.contains("cannot make the temporary file '/nowhere/multifd-bench-"))
        #expect(run.error.contains("No such file or directory; let TMPDIR name a directory"))
    }

    /// Also for `send`. As root every directory can be read: here there is no descriptor left to do it with.
    @Test func `a directory that cannot be read is told in a sentence`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("image", pageCount: 3)
        let path = directory.path(".")
        let sentence = "multifd: cannot read the directory '\(path)': Too many open files\n"
        let errors = try (3...6).map { limit in
            try CommandRun(["bench", "channels", path], by: "ulimit -n \(limit); exec \"$@\"").result().error
        }
        #expect(errors.contains(sentence), "\(errors)")
        #expect(!errors.contains { $0.contains("Domain=") })
    }

    @Test func `a RAMBlock that cannot be sent by itself takes nothing from the comparison`() throws {
        let directory = try TemporaryDirectory()
        let (snapshot, json) = (directory.path("vm"), directory.path("all.json"))
        let destination = try CommandRun(["receive", "tcp:127.0.0.1:0", "--snapshot", snapshot])
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        let guest = "workload:mixed,ram=64MiB,blocks=2,working-set=60MiB"
        #expect(try CommandRun.result("send", guest, uri).exitCode == 0)
        #expect(try destination.result().exitCode == 0)
        // Slow enough that the second RAMBlock goes while the first is sent: after the last run of the whole.
        let run = try CommandRun([
            "bench", "compression", snapshot, "--modes", "zlib:9", "--channels", "1", "--runs", "1", "--json", json,
        ])
        try directory.waitForFiles(count: 2)
        let manifest = try JSONSerialization.jsonObject(with: directory.contents("vm/manifest.json")) as? [String: Any]
        let file = try #require((manifest?["ram-blocks"] as? [[String: Any]])?.last?["file"] as? String)
        try FileManager.default.removeItem(atPath: directory.path("vm/\(file)"))
        let result = try run.result()
        #expect(result.exitCode == 1)
        #expect(result.error.contains("could not be sent by itself with zlib:9, because "), "\(result.error)")
        #expect(result.output.contains("without a limit zlib:9 wins"))
        let document = try JSONSerialization.jsonObject(with: Data(directory.contents("all.json"))) as? [String: Any]
        #expect((document?["summaries"] as? [Any])?.count == 1)
    }

    @Test(arguments: [
        (["channels", "image", "--channels", "0"], 2, "'0' in --channels is no number of channels"),
        (["channels", "image", "--channels", ","], 2, "--channels is empty"),
        (
            ["compression", "image", "--modes", "none,,zstd"], 2,
            "'none,,zstd' in --modes has nothing between two commas"
        ),
        (["compression", "image", "--link", "1Gbit/s,"], 2, "'1Gbit/s,' in --link has nothing between two commas"),
        (["compression", "image", "--modes", "lz4"], 2, "'lz4' in --modes is no mode"),
        (["compression", "image", "--modes", "zstd:21"], 2, "has a level out of range: it may be -7 to 20"),
        (["compression", "image", "--link", "0"], 2, "'0' in --link is no speed of a link: nothing goes over it"),
        (["compression", "image", "--xbzrle-cache-size", "100MB"], 2, "expects a power of two"),
        (["matrix", "image", "--modes", "none+deltas"], 2, "leave '+deltas' out of --modes"),
        (
            ["compression", "image", "--xbzrle-cache-size", "4096"], 2,
            "--xbzrle-cache-size does nothing without deltas"
        ),
        (["channels", "workload:idle", "--xbzrle-cache-size", "4096"], 2, "does nothing without deltas"),
        (["channels", "replay:vm,speed=0"], 2, "'0' is no speed of a replay"),
        (
            ["channels", "image", "--timeout", "9223372036854775807"], 2,
            "'timeout' expects a value between 0 and 1000000000, not 9223372036854775807"
        ),
        (["matrix", "image", "--runs", "0"], 2, "Parameter 'runs' expects a value of at least 1, not 0"),
        (
            ["channels", "image", "--runs", "200000000"], 2,
            "Parameter 'runs' expects a value between 1 and 10000, not 200000000"
        ),
        (
            ["matrix", "workload:idle", "--json", "/nowhere/all.json"], 1,
            "cannot write the file '/nowhere/all.json': No such file"
        ),
        (["channels", "/nowhere/image"], 1, "cannot open the image '/nowhere/image'"),
        (["channels", "replay:/nowhere"], 1, "'/nowhere' is no snapshot"),
        (["channels", "workload:nope"], 2, "there is no workload 'nope'"),
    ]) func `what cannot be measured is refused in a sentence`(
        arguments: [String], exitCode: Int32, sentence: String
    ) throws {
        let run = try CommandRun(["bench"] + arguments).result()
        #expect(run.exitCode == exitCode)
        #expect(run.error.contains(sentence))
        #expect(run.output == "")
    }
}
