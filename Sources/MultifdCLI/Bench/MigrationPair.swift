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
    /// What both live by.
    private let lifeline: Lifeline

    package init(
        input: String, arguments: [String] = [], deltaArguments: [String] = [], lifeline: Lifeline,
        executable: URL = .ownExecutable
    ) {
        self.input = input
        self.arguments = arguments
        self.deltaArguments = deltaArguments
        self.lifeline = lifeline
        self.executable = executable
    }

    /// Runs it to its end.
    ///
    /// - Throws: ``BenchError/interrupted`` when the lifeline has been cut and both processes have ended.
    package func run(_ benchCase: BenchCase, round: Int) throws -> BenchRun {
        let destination = try start("destination", "receive", [], "tcp:127.0.0.1:0")
        defer { destination.stop() }
        // The first line that it says, on standard error because standard output is the document's.
        let greeting = destination.firstLine()
        guard let uri = greeting.split(separator: " ").last, greeting.hasPrefix("listening on ") else {
            guard !lifeline.isCut else { throw BenchError.interrupted }
            throw BenchError.allFailed(reason: "the destination did not listen: \(greeting)")
        }
        let all = arguments + (benchCase.mode.deltas ? deltaArguments : []) + benchCase.arguments
        // That hashes are compared beside would be measured, too.
        let source = try start("source", "send", ["--skip-hashes"] + all, input, String(uri))
        defer { source.stop() }
        // Whatever the source's document says, the destination has its own ready or gives up when the source has ended.
        let sent = source.document()
        if (try? sent.get())?.info.status != .completed { destination.stop() }
        let received = destination.document()
        guard !lifeline.isCut else { throw BenchError.interrupted }

        var run = BenchRun(benchCase, round: round)
        run.source = try? sent.get()
        run.destination = try? received.get()
        run.error = Self.failure(sent, received)
        return run
    }

    /// - Parameter operands: behind all options, because a file's name may look like one.
    private func start(_ name: String, _ command: String, _ options: [String], _ operands: String...) throws -> End {
        try End(
            name, executable, [command] + options + ["--json", "--end-with-input", "--"] + operands,
            input: lifeline.input)
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
        /// What it says on standard error goes to a file: nobody need read it for the process to go on. The file has no
        /// name: it is gone with those who have it open.
        private let words: FileDescriptor

        init(_ name: String, _ executable: URL, _ arguments: [String], input: FileDescriptor) throws {
            self.name = name
            words = try Self.unnamedFile()
            process.executableURL = executable
            process.arguments = arguments
            process.standardInput = FileHandle(fileDescriptor: input.rawValue)
            process.standardOutput = output
            process.standardError = FileHandle(fileDescriptor: words.rawValue)
            try process.run()
        }

        deinit { try? words.close() }

        private static func unnamedFile() throws -> FileDescriptor {
            let path = FileManager.default.temporaryDirectory.appending(path: "multifd-bench-\(UUID().uuidString)").path
            do {
                let file = try FileDescriptor.open(
                    FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: .ownerReadWrite)
                try FileManager.default.removeItem(atPath: path)
                return file
            } catch let error as Errno {
                throw BenchError.temporaryFile(path: path, error)
            }
        }

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

        /// Read at its place: the process writes where the descriptor that it shares with this one stands.
        private var said: String {
            var text: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while let count = try? unsafe piece.withUnsafeMutableBytes({
                try unsafe words.read(fromAbsoluteOffset: Int64(text.count), into: $0)
            }), count > 0 { text += piece.prefix(count) }
            return String(decoding: text, as: UTF8.self)
        }

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
