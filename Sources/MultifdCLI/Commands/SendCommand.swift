import ArgumentParser
import Multifd
import MultifdQEMU
import Synchronization

extension MultifdCommand {
    /// The source's end.
    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Migrates a guest to a destination that listens.",
            discussion: """
                SOURCE is a file with raw guest memory, a directory with such files, a directory that --snapshot or \
                'multifd qemu save' made, or a guest that runs in this process:

                \(GuestHelp.text)

                or a guest recorded by 'multifd qemu save --record' or 'multifd receive --record', \
                played again:

                  replay:DIRECTORY,speed=2     twice as fast; without speed, as recorded
                  replay:DIRECTORY,speed=sync  one recorded iteration at each sync:
                                               the same pages in every migration

                Once the recording has ended, the guest writes nothing more: when a migration is not done by then, as \
                over a slower link than the recorded one, a warning and 'recording-end' in --json say so.

                URI says where `multifd receive` listens: tcp:HOST:PORT (IPv6 in brackets) or unix:PATH.

                Examples:

                  multifd send memory.raw tcp:192.0.2.7:7000 --multifd-channels 4
                  multifd send replay:vm.recording tcp:192.0.2.7:7000 --xbzrle
                  multifd send workload:stress,ram=2GiB unix:/run/m.sock \\
                    --auto-converge --timeout 60
                  multifd send memory.raw tcp:10.0.0.7:7000 \\
                    --path tcp:10.0.0.7:7000 --path tcp:10.1.0.7:7000,10.1.0.5

                Until the destination has confirmed that all of it is there, the guest belongs to the source: whatever \
                fails, and after ^C, it runs on there. One that runs in this process ends with the process.
                """)

        @Argument(
            help: ArgumentHelp("What to migrate.", valueName: "source"), transform: SourceGuest.init(parsing:))
        var source: SourceGuest

        @Argument(
            help: ArgumentHelp("Where the destination listens.", valueName: "uri"),
            transform: MigrationURI.init(parsing:))
        var uri: MigrationURI

        @Option(
            help: ArgumentHelp(
                "A way for channels: URI or URI,LOCAL-ADDRESS. Repeat it to spread them over several.",
                valueName: "path"),
            transform: MigrationPath.init(parsing:))
        var path: [MigrationPath] = []

        @Option(help: ArgumentHelp("How to find the pages that a workload writes.", valueName: "how"))
        var dirtyTracking = Choice(DirtyTracking.auto)

        @Flag(help: "The destination is a QEMU that was started with -incoming; SOURCE is a snapshot of one.")
        var qemu = false

        @OptionGroup(title: "Into a QEMU")
        var qemuOptions: QEMUDestinationOptions

        @OptionGroup(title: "Migration parameters")
        var options: ParameterOptions

        @OptionGroup(title: "Throttle")
        var throttle: ThrottleOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions

        @Flag(help: ArgumentHelp("Do not compare a snapshot's hashes.", visibility: .hidden))
        var skipHashes = false

        @OptionGroup
        var lifeline: LifelineOptions

        func validate() throws {
            try ValidationError.wrapping {
                _ = try dirtyTracking.value(of: "dirty-tracking")
                if qemu { try validateForQEMU() }
                try validateForReplay(with: try parameters())
            }
            guard qemu || !qemuOptions.isOneGiven else {
                throw ValidationError("--no-multifd, --sync-mode and --uuid are for a QEMU: give --qemu, too")
            }
        }

        /// Nothing slows a replay whose pages are written at syncs, and the syncs of a throttle would write more of them.
        private func validateForReplay(with parameters: MigrationParameters) throws {
            guard case .replay(let replay) = source, replay.speed == .synced else { return }
            let given = [
                ("auto-converge", parameters.autoConverge), ("vcpu-dirty-limit", parameters.vcpuDirtyLimit != nil),
            ]
            for (name, isGiven) in given where isGiven {
                throw ParameterError.needlessWith(name: name, other: "speed=sync")
            }
        }

        private func validateForQEMU() throws {
            _ = try snapshotPath
            try qemuOptions.common.checkUse(of: options.transfer)
            try options.validateForSendingToQEMU()
            let parameters = try throttle.parameters(defaults: MigrationParameters())
            let given = [
                ("path", !path.isEmpty),
                ("dirty-tracking", try dirtyTracking.value(of: "dirty-tracking") != .auto),
                ("auto-converge", parameters.autoConverge),
                ("vcpu-dirty-limit", parameters.vcpuDirtyLimit != nil),
            ]
            for (name, isGiven) in given where isGiven { throw ParameterError.notWithQEMU(name: name) }
        }

        /// What to send into a QEMU. A directory that is no snapshot is told so where it is opened.
        private var snapshotPath: String {
            get throws(ValidationError) {
                switch source {
                case .snapshot(let directory), .image(let directory): return directory
                case .workload, .replay:
                    throw ValidationError("'\(source)' is no directory with a snapshot, and --qemu sends nothing else")
                }
            }
        }

        private func parameters() throws(ParameterError) -> MigrationParameters {
            try throttle.parameters(defaults: options.parameters())
        }

        func run() async throws {
            lifeline.watch()
            if qemu { return try await sendToQEMU() }
            do {
                let migration = Mutex<MigrationSource?>(nil)
                // Also of a migration that failed: above all of one that did not converge.
                defer { throttle.saveRecording(of: migration.withLock(\.self)) }
                _ = try await output.report {
                    try throttle.checkRecord()
                    let source = try MigrationSource(
                        guest: source.start(
                            dirtyTracking: dirtyTracking.value(of: "dirty-tracking"), verifies: !skipHashes),
                        to: uri, paths: path, parameters: parameters(),
                        logger: output.logger("source"))
                    migration.withLock { $0 = source }
                    return source
                }
            } catch let error as MigrationError where source.isRunning(after: error) {
                throw GuestRanOn(reason: error)
            }
        }

        private func sendToQEMU() async throws {
            _ = try await output.report {
                let parameters = try options.parameters()
                var sending = QEMUSendOptions()
                sending.multifdChannels = qemuOptions.common.noMultifd ? 0 : parameters.multifdChannels
                sending.syncMode = try qemuOptions.syncMode?.value(of: "sync-mode")
                sending.uuid = qemuOptions.uuid
                return try QEMUSource(
                    snapshot: Snapshot(path: snapshotPath), to: uri, parameters: parameters, options: sending,
                    logger: output.logger("source"))
            }
        }
    }
}
