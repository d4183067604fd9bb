import ArgumentParser
import Glibc
import Multifd

extension MultifdCommand {
    /// Both ends on one machine, and the proof.
    struct Demo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Migrates a running guest between two processes on this machine and proves that nothing was lost.",
            discussion: """
                Starts a destination process, runs a guest, migrates it live over TCP on loopback, and lets it run on at \
                the destination for a moment. Then it proves two things: memory at switchover was identical on both sides, \
                and memory afterwards equals that of a guest that ran as many steps without having been migrated. The \
                exit code is 0 only when both hold.

                Examples:

                  multifd demo
                  multifd demo --guest workload:counter,ram=256MiB --multifd-compression none
                """)

        @Option(
            help: ArgumentHelp(
                "The guest to migrate. (default: workload:mixed, 1 GiB, rewriting 50 MiB at 100 MB/s)",
                valueName: "workload"),
            transform: WorkloadConfiguration.init(parsing:))
        var guest: WorkloadConfiguration?

        @OptionGroup(title: "Migration parameters")
        var options: ParameterOptions

        @OptionGroup(title: "Throttle")
        var throttle: ThrottleOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions

        func validate() throws {
            try ValidationError.wrapping { _ = try parameters() }
        }

        func run() async throws {
            let start = ProcessUsage.now
            let (info, proof): (MigrationInfo, DemoProof)
            do {
                (info, proof) = try await demonstrate()
            } catch {
                output.tell(failure: error, since: start)
                throw error
            }
            try tell("\(Report(info).text)\n\n\(proof.text)")
            let document = DemoDocument(
                migration: MigrationDocument(info: info, process: .now.since(start)), proof: proof)
            if output.json { try JSONDocument(document).print() }
            guard proof.holds else { throw DemoError.memoryDiffers(steps: proof.steps) }
        }

        private func demonstrate() async throws -> (MigrationInfo, DemoProof) {
            let configuration = guest ?? Self.defaultGuest
            let destination = try DestinationProcess(logLevel: output.logLevel.text)
            defer { destination.end() }
            guard case .listening(let uri) = try destination.nextMessage() else {
                throw DemoError.unexpectedMessage(expected: "listening")
            }
            try tell("\(configuration), from process \(getpid()) to process \(destination.identifier) at \(uri)\n")
            let (info, switchover) = try await migrate(configuration, to: uri)
            guard info.verified else { throw DemoError.notVerified }
            try await Task.sleep(for: .seconds(1))
            try destination.pauseGuest()
            guard case .paused(let steps, let migrated) = try destination.nextMessage() else {
                throw DemoError.unexpectedMessage(expected: "paused")
            }
            let reference = try WorkloadGuest(configuration: configuration)
            try reference.run(toStepCounts: steps)
            let proof = DemoProof(
                switchover: switchover, migrated: migrated, reference: try reference.memory.digest, steps: steps)
            return (info, proof)
        }

        /// The source's part. Its guest's memory is freed before the reference run needs as much.
        private func migrate(
            _ configuration: WorkloadConfiguration, to uri: String
        ) async throws -> (info: MigrationInfo, digest: String) {
            let guest = try WorkloadGuest(configuration: configuration)
            defer { guest.shutDown() }
            try throttle.checkRecord()
            try guest.resume()
            let source = try MigrationSource(
                guest: guest, to: MigrationURI(parsing: uri), parameters: parameters(),
                logger: output.logger("source"))
            defer { throttle.saveRecording(of: source) }
            let signals = try Interrupt { source.interrupt() }
            defer { signals.stop() }
            return (try await source.runWatched(), try guest.memory.digest)
        }

        private func parameters() throws(ParameterError) -> MigrationParameters {
            try throttle.parameters(defaults: options.parameters(defaults: Self.defaultParameters))
        }

        private static let defaultGuest: WorkloadConfiguration = {
            var configuration = WorkloadConfiguration(.mixed)
            configuration.workingSet = ByteCount(rawValue: 50 << 20)
            configuration.rate = ByteRate(rawValue: 100_000_000)
            return configuration
        }()

        private static let defaultParameters: MigrationParameters = {
            var parameters = MigrationParameters()
            parameters.multifdChannels = 4
            parameters.multifdCompression = .zstd
            parameters.verifyMemory = true
            return parameters
        }()

        /// The demo's text is what it is for: it goes to pipes too.
        private func tell(_ text: String) throws(ReportFileError) {
            if !output.json { try StandardOutput.writeLine(text) }
        }
    }
}
