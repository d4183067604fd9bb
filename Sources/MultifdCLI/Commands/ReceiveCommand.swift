import ArgumentParser
import Multifd
import SystemPackage

extension MultifdCommand {
    /// The destination's end.
    struct Receive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Waits for a guest and takes it over.",
            discussion: """
                URI is tcp:HOST:PORT (IPv6 in brackets, no host for all addresses, port 0 to have one picked and \
                printed) or unix:PATH. How to migrate is the source's choice: there is nothing to configure here.

                Examples:

                  multifd receive tcp::7000 --output memory.raw
                  multifd receive tcp:127.0.0.1:0 --run
                  multifd receive unix:/run/multifd.sock

                With neither --output nor --run the memory is received, verified and dropped.
                """)

        @Argument(help: ArgumentHelp("Where to listen.", valueName: "uri"), transform: MigrationURI.init(parsing:))
        var uri: MigrationURI

        @Option(
            help: ArgumentHelp(
                "Store the memory as it was at switchover in this file. It appears only when the migration has succeeded.",
                valueName: "file"))
        var output: String?

        @Flag(name: .customLong("run"), help: "Let the guest run on here, until ^C or SIGTERM.")
        var runsGuest = false

        @OptionGroup(title: "Output")
        var reporting: OutputOptions

        func validate() throws {
            guard output == nil || !runsGuest else {
                throw ValidationError("--output stores the guest's memory and --run runs the guest: choose one")
            }
        }

        func run() async throws {
            let running = runsGuest ? WorkloadTarget() : nil
            let target: any MigrationTarget = running ?? output.map(ImageFileTarget.init(path:)) ?? MemoryTarget()
            _ = try await reporting.report {
                let destination = try MigrationDestination(
                    listeningOn: uri, target: target, logger: try reporting.logger("destination"))
                announce(destination.uri)
                return destination
            }
            if let guest = running?.guest {
                await Interrupt.wait()
                guest.shutDown()
            }
        }

        /// Standard output belongs to the document when there is one.
        private func announce(_ uri: MigrationURI) {
            let line = "listening on \(uri)"
            if reporting.json {
                FileDescriptor.standardError.writeLine(line)
            } else if uri != self.uri || Terminal.output.isInteractive {
                FileDescriptor.standardOutput.writeLine(line)
            }
        }
    }
}
