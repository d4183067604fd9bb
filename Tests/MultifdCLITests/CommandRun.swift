import Foundation

/// One run of the built `multifd`.
final class CommandRun {
    private let process = Process()
    private let outputPipe = Pipe()
    private let errorPipe = Pipe()

    /// The command is built into the directory that holds the test bundle.
    private static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("multifd")

    /// Starts it, without a terminal and with nothing on standard input.
    ///
    /// - Parameter script: for a shell, which runs it as `"$@"`.
    init(_ arguments: [String], by script: String? = nil) throws {
        if let script {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", script, "sh", Self.executable.path] + arguments
        } else {
            process.executableURL = Self.executable
            process.arguments = arguments
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        try process.run()
    }

    deinit {
        // A test that failed half-way leaves nothing running.
        if process.isRunning { send(SIGKILL) }
    }

    struct Result {
        let exitCode: Int32
        let output: String
        let error: String
    }

    /// Waits for the end. Neither stream comes near the size of a pipe, so that one may be read after the other.
    func result() throws -> Result {
        let output = try outputPipe.fileHandleForReading.readToEnd() ?? Data()
        let error = try errorPipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Result(
            exitCode: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
            error: String(decoding: error, as: UTF8.self))
    }

    static func result(_ arguments: String...) throws -> Result { try CommandRun(arguments).result() }

    /// Reads a line of standard output while it runs; empty at the end.
    func nextOutputLine() throws -> String {
        var line = Data()
        while let byte = try outputPipe.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) {
            line += byte
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// The processes that it has started and that have not ended.
    var children: [Int32] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/task")) ?? []
        return tasks.flatMap { task in
            let path = "/proc/\(identifier)/task/\(task)/children"
            return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ")
                .compactMap { Int32($0) }
        }
    }

    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) { kill(identifier, signal) }

    /// Of the shell, when one runs it.
    var identifier: Int32 { process.processIdentifier }
}
