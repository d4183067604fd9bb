import ArgumentParser
import FoundationEssentials
import Multifd
import SystemPackage

extension MultifdCommand {
    /// The demo's destination process. Not for people: it talks to `multifd demo` in ``DemoMessage``s.
    struct DemoDestination: AsyncParsableCommand {
        static let name = "demo-destination"
        static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

        @OptionGroup
        var output: OutputOptions

        func run() async throws {
            let target = WorkloadTarget()
            let destination = try MigrationDestination(
                listeningOn: .tcp(host: "127.0.0.1", port: 0), target: target, logger: try output.logger("destination"))
            let (orders, continuation) = AsyncStream.makeStream(of: Void.self)
            let listener = try WorkerThread(named: "demo-orders") {
                StandardInput.waitForEnd()
                // Too late for a migration that is complete, which is then simply the order to pause.
                destination.cancel()
                continuation.finish()
            }
            try say(.listening(uri: "\(destination.uri)"))
            _ = try await destination.run()
            guard let guest = target.guest else { return }
            for await _ in orders {}
            guest.pause()
            try say(.paused(steps: guest.stepCounts, digest: guest.memory.digest))
            guest.shutDown()
            listener.join()
        }

        private func say(_ message: DemoMessage) throws {
            try FileDescriptor.standardOutput.writeAll(JSONEncoder().encode(message) + [UInt8(ascii: "\n")])
        }
    }
}
