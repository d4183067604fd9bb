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

        @Option(
            help: ArgumentHelp(
                "Give up when the guest is not here after so many seconds; 0: wait as long as it takes.",
                valueName: "seconds"))
        var timeout = 0

        @OptionGroup(title: "Output")
        var reporting: OutputOptions

        func validate() throws {
            guard output == nil || !runsGuest else {
                throw ValidationError("--output stores the guest's memory and --run runs the guest: choose one")
            }
            guard timeout >= 0 else {
                throw ValidationError("Parameter 'timeout' expects a value from 0, not \(timeout)")
            }
        }

        func run() async throws {
            let running = runsGuest ? WorkloadTarget() : nil
            _ = try await reporting.report {
                let target: any MigrationTarget =
                    try running ?? output.map { try ImageFileTarget(path: $0) } ?? MemoryTarget()
                var deadlines = Deadlines()
                deadlines.total = timeout > 0 ? .seconds(timeout) : nil
                let destination = try MigrationDestination(
                    listeningOn: uri, target: target, deadlines: deadlines,
                    logger: try reporting.logger("destination"))
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
