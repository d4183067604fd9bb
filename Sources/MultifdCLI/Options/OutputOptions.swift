import ArgumentParser
import Logging
import Multifd
import SystemPackage

/// Who is told what: people on a terminal, programs by `--json`, and the log.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document on standard output, in the shape of QEMU's query-migrate, also on failure.")
    var json = false

    @Option(help: ArgumentHelp("What to log to standard error.", valueName: "level"))
    var logLevel = Choice(Logger.Level.warning)

    func validate() throws {
        do {
            _ = try logLevel.value(of: "log-level")
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// - Parameter label: the end that logs.
    func logger(_ label: String) throws -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = try logLevel.value(of: "log-level")
        return logger
    }

    /// Tells how a migration ended: the document with `--json`, tables on a terminal, nothing into a pipe.
    func report(_ info: MigrationInfo) throws {
        if json {
            try JSONDocument(info).print()
        } else if Terminal.output.isInteractive {
            print(Report(info).text)
        }
    }

    /// Tells the document's reader that a migration failed. The sentence for people goes to standard error.
    func report(_ info: MigrationInfo, failedBy error: any Error) throws {
        guard json else { return }
        var info = info
        // An error from before the engine took over, such as a missing file.
        if !info.status.isFinal { info.status = .failed }
        if info.errorDescription == nil { info.errorDescription = "\(error)" }
        try JSONDocument(info).print()
    }
}
