import Foundation

/// `multifd receive --snapshot` in a process of its own, to be killed.
final class ReceiverProcess {
    private let process = Process()

    /// The command is built into the directory that holds the test bundle.
    private static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("multifd")

    /// Returns when it listens on a socket.
    init(on socket: String, snapshot: String) throws {
        process.executableURL = Self.executable
        process.arguments = ["receive", "unix:\(socket)", "--snapshot", snapshot]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = Date(timeIntervalSinceNow: 10)
        while !FileManager.default.fileExists(atPath: socket) {
            guard Date() < end, process.isRunning else { throw QEMUProcess.Failure("multifd did not listen") }
            usleep(5_000)
        }
    }

    deinit { kill() }

    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
