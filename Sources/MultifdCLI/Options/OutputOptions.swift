import ArgumentParser
import Logging
import Multifd

/// Who is told what: people on a terminal, programs by `--json`, and the log.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document on standard output, in the shape of QEMU's query-migrate, also on failure.")
    var json = false

    @Option(help: ArgumentHelp("What to log to standard error.", valueName: "level"))
    var logLevel = Choice(Logger.Level.warning)

    func validate() throws {
        try ValidationError.wrapping { _ = try logLevel.value(of: "log-level") }
    }

    /// - Parameter label: the end that logs.
    func logger(_ label: String) throws -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = try logLevel.value(of: "log-level")
        return logger
    }

    /// Runs a migration and tells how it ended: the document with `--json`, tables on a terminal, nothing into a pipe.
    /// ^C and SIGTERM cancel it, from the beginning: what is set up may take long, and has sockets and files to remove.
    ///
    /// - Parameter make: sets the migration up; what it throws is told like a failure of the migration.
    func report<End: MigrationEnd>(_ make: @escaping @Sendable () throws -> End) async throws -> End {
        var info = MigrationInfo()
        var start = ProcessUsage.now
        let (migration, report): (End, MigrationInfo)
        do {
            let pending = PendingInterrupt()
            let signals = try Interrupt { pending.interrupt() }
            defer { signals.stop() }
            migration = try await pending.setUp(make)
            // What it takes to set a guest up is not part of its migration.
            start = .now
            defer { info = migration.info }
            report = try await migration.runWatched()
        } catch {
            tell(failure: error, of: info, since: start)
            throw error
        }
        do {
            try tell(report, since: start)
        } catch {
            throw UnreportedMigration(reason: error)
        }
        return migration
    }

    private func tell(_ info: MigrationInfo, since start: ProcessUsage) throws {
        if json {
            try JSONDocument(MigrationDocument(info: info, process: .now.since(start))).print()
        } else if Terminal.output.isInteractive {
            try StandardOutput.writeLine(Report(info).text)
        }
    }

    /// Prints the document of what failed, with `--json`. That it cannot be printed is told, and does not take the place of
    /// the failure.
    func tell(failure: any Error, of info: MigrationInfo = MigrationInfo(), since start: ProcessUsage) {
        guard json else { return }
        do {
            try JSONDocument(MigrationDocument(info: info.failed(by: failure), process: .now.since(start))).print()
        } catch {
            StandardError.writeLine("multifd: \(error)")
        }
    }
}

extension MigrationInfo {
    /// The report of a migration that may have failed before the engine took it over.
    fileprivate func failed(by error: any Error) -> MigrationInfo {
        var info = self
        if !status.isFinal { info.status = (error as? MigrationError)?.isCancellation == true ? .cancelled : .failed }
        if errorDescription == nil { info.errorDescription = "\(error)" }
        return info
    }
}
