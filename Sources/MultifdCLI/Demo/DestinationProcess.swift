import Foundation
import SystemPackage

/// The demo's other end: this program again, as a process of its own.
///
/// Closing its standard input tells it to pause its guest, or to give up while there is none. So it ends with this process,
/// however that ends.
final class DestinationProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread: [UInt8] = []

    /// - Parameter logLevel: what it logs to standard error, which is ours.
    init(logLevel: String) throws {
        process.executableURL = .ownExecutable
        process.arguments = [MultifdCommand.DemoDestination.name, "--log-level", logLevel]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    var identifier: Int32 { process.processIdentifier }

    /// Waits for the next message.
    ///
    /// - Throws: ``DemoError/destinationEnded`` when there is none.
    func nextMessage() throws -> DemoMessage {
        let descriptor = FileDescriptor(rawValue: output.fileHandleForReading.fileDescriptor)
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                return try JSONDecoder().decode(DemoMessage.self, from: Data(unread[..<end]))
            }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = try unsafe bytes.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
            guard count > 0 else { throw DemoError.destinationEnded }
            unread += bytes[..<count]
        }
    }

    /// Has the guest there paused.
    func pauseGuest() throws {
        try input.fileHandleForWriting.close()
    }

    /// Waits until the process is gone.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
