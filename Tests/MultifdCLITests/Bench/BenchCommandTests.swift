import Foundation
import Multifd
import Testing

/// Benchmarks from the command line, small ones.
@Suite struct BenchCommandTests {
    @Test func `channels are compared, and one number is recommended`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 300)
        let run = try CommandRun.result(
            "bench", "channels", image, "--channels", "1,2", "--modes", "none,auto", "--runs", "2", "--json",
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
        func run(_ runs: String) throws -> Int {
            let run = try CommandRun.result(
                "bench", "matrix", image, "--channels", "1", "--modes", "none,zstd:-1", "--runs", runs, "--json",
                directory.path("all.json"))
            #expect(run.exitCode == 0, "\(run.error)")
            let document = try JSONSerialization.jsonObject(with: directory.contents("all.json")) as? [String: Any]
            return (document?["runs"] as? [Any])?.count ?? 0
        }
        #expect(try run("1") == 2)
        let before = try directory.contents("all.json")
        #expect(try run("1") == 2)
        #expect(try run("2") == 4)
        #expect(before != (try directory.contents("all.json")))
        let other = try CommandRun.result(
            "bench", "matrix", "workload:idle,ram=1MiB", "--json", directory.path("all.json"))
        #expect(other.exitCode == 1)
        #expect(other.error.hasSuffix("give the file of this one, or a new one\n"))
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
        #expect(live.output.contains("by the speed of the link"))
    }

    @Test(arguments: [
        (["channels", "image", "--channels", "0"], 2, "'0' in --channels is no number of channels"),
        (["channels", "image", "--channels", ","], 2, "--channels is empty"),
        (["compression", "image", "--modes", "lz4"], 2, "'lz4' in --modes is no mode"),
        (["compression", "image", "--modes", "zstd:21"], 2, "has a level out of range: it may be -7 to 20"),
        (["compression", "image", "--link", "0"], 2, "'0' in --link is no speed of a link: nothing goes over it"),
        (["compression", "image", "--xbzrle-cache-size", "100MB"], 2, "expects a power of two"),
        (["matrix", "image", "--runs", "0"], 2, "--runs expects a number of at least 1"),
        (["channels", "/nowhere/image"], 1, "cannot open the image '/nowhere/image'"),
        (["channels", "workload:nope"], 1, "there is no workload 'nope'"),
    ]) func `what cannot be measured is refused in a sentence`(
        arguments: [String], exitCode: Int32, sentence: String
    ) throws {
        let run = try CommandRun(["bench"] + arguments).result()
        #expect(run.exitCode == exitCode)
        #expect(run.error.contains(sentence))
        #expect(run.output == "")
    }
}
