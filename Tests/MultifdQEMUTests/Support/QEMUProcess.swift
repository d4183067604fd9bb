import Foundation
import Multifd
import MultifdQEMU
import Testing

/// A QEMU of this machine, started and ended by a test. `MULTIFD_QEMU` names another binary than the one in the path, and
/// `MULTIFD_QEMU_OPTIONS` what it needs beside, such as `-L DIR`.
final class QEMUProcess {
    struct Failure: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    static let binary: String? = {
        let environment = ProcessInfo.processInfo.environment
        let names =
            environment["MULTIFD_QEMU"].map { [$0] }
            ?? (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/qemu-system-x86_64" }
        return names.first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    static let isInstalled: ConditionTrait = .enabled(
        if: binary != nil, "qemu-system-x86_64 is not installed: no test with a real QEMU")

    let directory: ScratchDirectory
    let qmpAddress: MigrationURI
    private var client: QMPClient?
    let serialPath: String
    private let process: Process

    /// - Parameters:
    ///   - name: tells the files of QEMUs in one directory apart.
    ///   - program: what it boots.
    init(
        _ name: String, in directory: ScratchDirectory, program: String, machine: String = "pc",
        options: [String] = [], memory: String? = nil
    ) throws {
        guard let binary = Self.binary else { throw Failure("no QEMU") }
        self.directory = directory
        serialPath = "\(directory.path)/\(name).serial"
        let socket = "\(directory.path)/\(name).qmp"
        qmpAddress = .unix(path: socket)
        let extra = ProcessInfo.processInfo.environment["MULTIFD_QEMU_OPTIONS"] ?? ""
        process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments =
            [
                "-nodefaults", "-display", "none", "-accel", "tcg", "-m", "\(PatternGuest.ramByteCount >> 20)",
                "-machine", memory == nil ? machine : "\(machine),memory-backend=ram0",
                "-kernel", program, "-serial", "file:\(serialPath)", "-qmp", "unix:\(socket),server=on,wait=off",
            ] + (memory.map { ["-object", $0] } ?? []) + extra.split(separator: " ").map(String.init) + options
        process.standardError = FileHandle.nullDevice
        try process.run()
        var client: QMPClient?
        let end = Date(timeIntervalSinceNow: 30)
        while client == nil, process.isRunning, Date() < end {
            client = try? QMPClient(connectingTo: .unix(path: socket))
            if client == nil { usleep(20_000) }
        }
        guard let client else {
            if process.isRunning { process.terminate() }
            throw Failure("QEMU did not start")
        }
        self.client = client
    }

    /// The test's own connection. QEMU serves one at a time.
    var qmp: QMPClient {
        guard let client else { preconditionFailure("the connection has been released") }
        return client
    }

    /// Lets somebody else talk to QEMU.
    func releaseQMP() { client = nil }

    func connectQMP() throws { client = try QMPClient(connectingTo: qmpAddress) }

    /// All that migrations can be told.
    func settings() throws -> [JSONValue] {
        try [qmp.execute("query-migrate-capabilities"), qmp.execute("query-migrate-parameters")]
    }

    func waitForEnd() throws {
        let end = Date(timeIntervalSinceNow: 10)
        while process.isRunning {
            guard Date() < end else { throw Failure("QEMU does not end") }
            usleep(10_000)
        }
    }

    deinit { kill() }

    var isRunning: Bool { process.isRunning }

    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var status: String? { try? client?.execute("query-status")["status"]?.string }

    var serial: String { (try? String(contentsOfFile: serialPath, encoding: .utf8)) ?? "" }

    /// The last pass that the program has reported.
    var lastPass: UInt32 { passes.last ?? 0 }

    /// The passes that the program has reported, but for lines that were cut.
    var passes: [UInt32] {
        serial.split(separator: "\n").filter { $0.count == 9 }.compactMap { UInt32(String($0.dropFirst()), radix: 16) }
    }

    /// Waits until the program has reported so many passes more than now.
    func waitForPasses(_ count: UInt32) throws { try waitForPass(lastPass + count) }

    func waitForPass(_ goal: UInt32) throws {
        try wait(within: 60, for: "pass \(goal) of the guest") {
            guard !serial.contains("!") else { throw Failure("the guest found its memory wrong: \(serial.suffix(40))") }
            return lastPass >= goal
        }
    }

    func wait(within seconds: Double = 30, for what: String, _ isTrue: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        while try !isTrue() {
            guard process.isRunning else { throw Failure("QEMU ended while \(what) was waited for") }
            guard Date() < end else {
                let states = "\(status ?? "?"), migration \(migrationStatus ?? "?")"
                throw Failure("\(what) did not come: \(states); \(serial.suffix(40))")
            }
            usleep(10_000)
        }
    }
}
