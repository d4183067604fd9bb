package import Foundation
import Multifd
import SystemPackage

/// One migration between two processes of this program, over TCP on this machine.
package struct MigrationPair {
    var input: String
    let arguments: [String]
    /// Given in addition when deltas are sent.
    let deltaArguments: [String]
    /// What both processes run.
    private let executable: URL

    package static let ownExecutable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

    package init(
        input: String, arguments: [String] = [], deltaArguments: [String] = [],
        executable: URL = MigrationPair.ownExecutable
    ) {
        self.input = input
        self.arguments = arguments
        self.deltaArguments = deltaArguments
        self.executable = executable
    }

    /// Runs it to its end.
    package func run(_ benchCase: BenchCase, round: Int) throws -> BenchRun {
        let destination = try End("destination", executable, ["receive", "tcp:127.0.0.1:0", "--json"])
        defer { destination.stop() }
        // The first line that it says, on standard error because standard output is the document's.
        let greeting = destination.firstLine()
        guard let uri = greeting.split(separator: " ").last, greeting.hasPrefix("listening on ") else {
            throw BenchError.allFailed(reason: "the destination did not listen: \(greeting)")
        }
        let all = arguments + (benchCase.mode.deltas ? deltaArguments : []) + benchCase.arguments
        let source = try End("source", executable, ["send", input, String(uri), "--json"] + all)
        defer { source.stop() }
        // Whatever the source's document says, the destination has its own ready or gives up when the source has ended.
        let sent = source.document()
        if (try? sent.get())?.info.status != .completed { destination.stop() }
        let received = destination.document()

        var run = BenchRun(benchCase, round: round)
        run.source = try? sent.get()
        run.destination = try? received.get()
        run.error = Self.failure(sent, received)
        return run
    }

    private typealias Document = Result<MigrationDocument, MigrationPairError>

    /// Why the run does not count; nil when it does.
    private static func failure(_ sent: Document, _ received: Document) -> String? {
        do throws(MigrationPairError) {
            let source = try sent.get().info
            guard source.status == .completed else {
                return source.errorDescription ?? "the source says '\(source.status.rawValue)', and not why"
            }
            let destination = try received.get().info
            guard source.verified, destination.verified else {
                return destination.errorDescription ?? "the memory was not verified at both ends"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// One of the processes.
    private final class End {
        private let name: String
        private let process = Process()
        private let output = Pipe()
        /// What it says on standard error goes to a file: nobody need read it for the process to go on.
        private let words: URL

        init(_ name: String, _ executable: URL, _ arguments: [String]) throws {
            self.name = name
            words = FileManager.default.temporaryDirectory.appending(path: "multifd-bench-\(UUID().uuidString)")
            try ReportFile(words.path).replace(with: "")
            process.executableURL = executable
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

        private var said: String { (try? Data(contentsOf: words)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

        /// Waits for the end.
        func document() -> Document {
            let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
            process.waitUntilExit()
            guard !data.isEmpty else {
                return .failure(.noDocument(end: name, lastLine: said.split(separator: "\n").last.map(String.init)))
            }
            return Result { try JSONDecoder().decode(MigrationDocument.self, from: data) }
                .mapError { .undecodable(end: name, $0) }
        }

        func stop() { if process.isRunning { process.terminate() } }
    }
}
