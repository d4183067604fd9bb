import Foundation
import Multifd
import SystemPackage

/// One migration between two processes of this program, over TCP on this machine.
struct MigrationPair {
    let input: String
    let arguments: [String]
    /// Given in addition when deltas are sent.
    var deltaArguments: [String] = []

    private static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

    /// Runs it to its end.
    func run(_ benchCase: BenchCase, round: Int) throws -> BenchRun {
        let destination = try End(["receive", "tcp:127.0.0.1:0", "--json"])
        defer { destination.stop() }
        // The first line that it says, on standard error because standard output is the document's.
        let greeting = destination.firstLine()
        guard let uri = greeting.split(separator: " ").last, greeting.hasPrefix("listening on ") else {
            throw BenchError.allFailed(reason: "the destination did not listen: \(greeting)")
        }
        let all = arguments + (benchCase.mode.deltas ? deltaArguments : []) + benchCase.arguments
        let source = try End(["send", input, String(uri), "--json"] + all)
        defer { source.stop() }
        // Whatever the source's document says, the destination has its own ready or gives up when the source has ended.
        let sent = try source.document()
        if sent?.info.status != .completed { destination.stop() }
        let received = try destination.document()

        var run = BenchRun(benchCase, round: round)
        run.source = sent
        run.destination = received
        if sent?.info.status != .completed {
            run.error =
                sent?.info.errorDescription ?? source.lastLine.map { "the source said: \($0)" }
                ?? "the source ended without a word"
        } else if sent?.info.verified != true || received?.info.verified != true {
            run.error =
                received.map { $0.info.errorDescription ?? "the memory was not verified at both ends" }
                ?? "the destination ended without its report; the last it said was: \(destination.lastLine ?? "nothing")"
        }
        return run
    }

    /// One of the processes.
    private final class End {
        private let process = Process()
        private let output = Pipe()
        /// What it says on standard error goes to a file: nobody need read it for the process to go on.
        private let words: URL

        init(_ arguments: [String]) throws {
            words = FileManager.default.temporaryDirectory.appending(path: "multifd-bench-\(UUID().uuidString)")
            try ReportFile(words.path).replace(with: "")
            process.executableURL = MigrationPair.executable
            process.arguments = arguments
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = try FileHandle(forWritingTo: words)
            try process.run()
        }

        deinit { try? FileManager.default.removeItem(at: words) }

        /// Waits for the first line on standard error; what there is when the process ends without one.
        func firstLine() -> String {
            while true {
                let isRunning = process.isRunning
                let text = said
                if let end = text.firstIndex(of: "\n") { return String(text[..<end]) }
                guard isRunning else { return text }
                Thread.sleep(forTimeInterval: 0.005)
            }
        }

        /// The last line on standard error; nil when there is none.
        var lastLine: String? { said.split(separator: "\n").last.map(String.init) }

        private var said: String { (try? Data(contentsOf: words)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

        /// Waits for the end. Nil for a process that ended without its document.
        func document() throws -> MigrationDocument? {
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return try? JSONDecoder().decode(MigrationDocument.self, from: data)
        }

        func stop() { if process.isRunning { process.terminate() } }
    }
}
