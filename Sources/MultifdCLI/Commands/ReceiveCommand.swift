import ArgumentParser
import Multifd
import MultifdQEMU

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
                  multifd receive tcp::7000 --snapshot vm.snapshot
                  multifd receive tcp::7000 --record vm.recording

                A QEMU can be the source, too: set its capability return-path, so that it learns whether the guest is \
                saved, and give --snapshot here. With its capability multifd on, any number of channels and any \
                compression will do; postcopy-ram must be off.

                With none of --output, --snapshot, --record and --run the memory is received, verified and dropped.
                """)

        @Argument(help: ArgumentHelp("Where to listen.", valueName: "uri"), transform: MigrationURI.init(parsing:))
        var uri: MigrationURI

        @Option(
            help: ArgumentHelp(
                "Store the memory as it was at switchover in this file. It appears only when the migration has succeeded.",
                valueName: "file"))
        var output: String?

        @Option(
            help: ArgumentHelp(
                "Store the guest, QEMU's or ours, with its devices in this directory, which must not exist yet.",
                valueName: "directory"))
        var snapshot: String?

        @Option(
            help: ArgumentHelp(
                "Like --snapshot, and keep what came in each iteration, too: 'multifd send replay:DIRECTORY' plays it.",
                valueName: "directory"))
        var record: String?

        @Option(
            help: ArgumentHelp(
                "How many channels a source that is QEMU has, 0...255. (default: as many as come)", valueName: "count"))
        var multifdChannels: Int?

        @Flag(
            help: ArgumentHelp(
                "A source that is QEMU has its capability switchover-ack on, and a machine type before 8.1: without this it "
                    + "iterates for ever. Later ones are told in any case."))
        var switchoverAck = false

        @Flag(name: .customLong("run"), help: "Let the guest run on here, until ^C or SIGTERM.")
        var runsGuest = false

        @Option(
            help: ArgumentHelp(
                "Give up if the guest has not arrived after this many seconds; 0 is to wait as long as it takes.",
                valueName: "seconds"))
        var timeout = 0

        @OptionGroup(title: "Output")
        var reporting: OutputOptions

        @OptionGroup
        var lifeline: LifelineOptions

        func validate() throws {
            guard [output != nil, snapshot != nil, record != nil, runsGuest].filter(\.self).count <= 1 else {
                throw ValidationError(
                    "--output stores the guest's memory, --snapshot the guest, --record how it changed, too, and --run runs "
                        + "it: choose one")
            }
            if let output, output.isEmpty || output.hasSuffix("/") {
                throw ValidationError("--output expects the path of a file, not '\(output)'")
            }
            for (name, directory) in [("snapshot", snapshot), ("record", record)] where directory == "" {
                throw ValidationError("--\(name) expects the path of a directory, not ''")
            }
            guard snapshot != nil || record != nil || multifdChannels == nil && !switchoverAck else {
                throw ValidationError(
                    "--multifd-channels and --switchover-ack are for a QEMU, which --snapshot and --record receive")
            }
            try ValidationError.wrapping {
                if let multifdChannels, !(0...255).contains(multifdChannels) {
                    throw ParameterError.outOfRange(name: "multifd-channels", valid: 0...255, found: multifdChannels)
                }
                guard timeout >= 0 else {
                    throw ParameterError.belowMinimum(name: "timeout", minimum: 0, found: timeout)
                }
            }
        }

        func run() async throws {
            lifeline.watch()
            let running = runsGuest ? WorkloadTarget() : nil
            var isUnreported = false
            do {
                try await receive(running)
            } catch let error as UnreportedMigration where running?.guest != nil {
                // The guest is nowhere else now.
                StandardError.writeLine("multifd: \(error)")
                isUnreported = true
            }
            if let guest = running?.guest {
                await Interrupt.wait()
                guest.shutDown()
            }
            if isUnreported { throw FailureCode.handedOver.exitCode }
        }

        /// - Parameter running: what the guest is to run in; nil when it is not to run.
        private func receive(_ running: WorkloadTarget?) async throws {
            _ = try await reporting.report {
                if let path = snapshot ?? record { return try makeDestination(for: path) }
                let target: any MigrationTarget =
                    try running ?? output.map { try ImageFileTarget(path: $0) } ?? MemoryTarget()
                let destination = try MigrationDestination(
                    listeningOn: uri, target: target, deadlines: deadlines,
                    logger: try reporting.logger("destination"))
                try announce(destination.uri)
                return destination
            }
        }

        private var deadlines: Deadlines {
            var deadlines = Deadlines()
            deadlines.total = timeout > 0 ? .seconds(timeout) : nil
            return deadlines
        }

        /// The destination that takes guests of QEMU as well.
        private func makeDestination(for snapshot: String) throws -> MigrationDestination {
            var deadlines = deadlines
            // QEMU may be told to wait before the switchover, and is silent meanwhile.
            deadlines.stall = .seconds(300)
            var options = QEMUReceiveOptions()
            options.multifdChannels = multifdChannels
            options.acknowledgesSwitchover = switchoverAck
            let destination = try MigrationDestination(
                listeningOn: uri, snapshot: SnapshotTarget(path: snapshot, records: record != nil), qemu: options,
                deadlines: deadlines,
                logger: reporting.logger("destination"))
            try announce(destination.uri)
            return destination
        }

        /// Standard output belongs to the document when there is one.
        private func announce(_ uri: MigrationURI) throws(ReportFileError) {
            let line = "listening on \(uri)"
            if reporting.json {
                StandardError.writeLine(line)
            } else if uri != self.uri || Terminal.output.isInteractive {
                try StandardOutput.writeLine(line)
            }
        }
    }
}
