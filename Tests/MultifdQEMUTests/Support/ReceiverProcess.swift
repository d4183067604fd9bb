import Foundation
import Multifd

/// `multifd` in a process of its own, to be killed while it takes a guest of QEMU in.
final class ReceiverProcess {
    private let process = Process()

    /// The command is built into the directory that holds the test bundle.
    private static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("multifd")

    /// Returns when it listens on a socket.
    init(on socket: String, snapshot: String) throws {
        try start(["receive", "unix:\(socket)", "--snapshot", snapshot])
        let end = Date(timeIntervalSinceNow: 10)
        // The file is there before anybody listens. Who connects and says nothing is no source.
        let path = MigrationPath(destination: .unix(path: socket))
        let patience = Patience(limit: .seconds(10))
        while (try? Connection.connect(to: path, deadline: .seconds(1), patience: patience)) == nil {
            guard Date() < end, process.isRunning else { throw QEMUProcess.Failure("multifd did not listen") }
            usleep(5_000)
        }
    }

    /// `multifd qemu save` in a process of its own.
    init(saving qmp: MigrationURI, to snapshot: String, _ options: [String]) throws {
        try start(["qemu", "save", snapshot, "--qmp", "\(qmp)"] + options)
    }

    private func start(_ arguments: [String]) throws {
        process.executableURL = Self.executable
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { kill() }

    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
