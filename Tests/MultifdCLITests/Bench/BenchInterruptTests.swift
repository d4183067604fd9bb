import Foundation
import MultifdCLI
import Testing

@Suite struct BenchInterruptTests {
    /// The second run takes an hour: what is to end with the benchmark is under way.
    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func `a benchmark that is ended leaves no process and no file, and keeps its runs`(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 1000)
        let run = try CommandRun(
            [
                "bench", "matrix", image, "--channels", "1", "--modes", "none", "--link", "1GB/s,1kB/s", "--runs", "1",
                "--json", directory.path("all.json"),
            ], by: "export TMPDIR='\(directory.path(""))'; exec \"$@\"")
        try directory.waitForFiles(count: 2)
        var ends: [Int32] = []
        for _ in 0..<60_000 where ends.count < 2 {
            usleep(1000)
            ends = try children(of: run.identifier)
        }
        #expect(ends.count == 2)
        run.send(signal)
        let result = try run.result()
        if signal != SIGKILL {
            #expect(result.exitCode == 1)
            #expect(result.error == "multifd: the benchmark was interrupted\n")
            #expect(ends.allSatisfy { !isRunning($0) })
        }
        for _ in 0..<60_000 where ends.contains(where: isRunning) { usleep(1000) }
        #expect(ends.allSatisfy { !isRunning($0) })
        #expect(try directory.names == ["all.json", "image"])
        let document = try JSONSerialization.jsonObject(with: directory.contents("all.json")) as? [String: Any]
        #expect((document?["runs"] as? [Any])?.count == 1)
    }

    private func children(of parent: Int32) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
            .filter { state(of: $0).dropFirst().first == "\(parent)" }
    }

    /// A process that nobody has waited for counts as ended.
    private func isRunning(_ process: Int32) -> Bool { state(of: process).first.map { $0 != "Z" } ?? false }

    /// The fields behind the name in proc_pid_stat(5): state, parent, ...; empty when there is no such process.
    private func state(of process: Int32) -> [Substring] {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return text[(text.lastIndex(of: ")") ?? text.endIndex)...].dropFirst().split(separator: " ")
    }
}
