import ArgumentParser
import Glibc
import Multifd
import MultifdQEMU

/// The entry: runs the subcommand and turns errors into one sentence on standard error and an exit code.
///
/// 0 is success, 1 a migration that failed or could not begin, 2 a command line that makes no sense. ArgumentParser's own
/// entry would exit with 64 for the latter.
@main
enum Main {
    static func main() async {
        // A reader that goes away, or a file beyond its limit, is an error of the call and not this process's end: a guest
        // may live in it.
        for signal in [SIGPIPE, SIGXFSZ] { _ = Glibc.signal(signal, SIG_IGN) }
        var command: any ParsableCommand
        do {
            command = try await MultifdCommand.asyncParseAsRoot()
        } catch {
            exit(parsingEndedWith: error)
        }
        do {
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            // The parser answers some requests for help by a command of its own that throws them.
            let isOurs = !(error is ExitCode) && MultifdCommand.exitCode(for: error) != .success
            guard isOurs else { MultifdCommand.exit(withError: error) }
            StandardError.writeLine("multifd: \(error)")
            MultifdCommand.exit(withError: isUsage(error) ? wrongUsage : ExitCode.failure)
        }
    }

    private static let wrongUsage = ExitCode(2)

    /// Whether a command line makes no sense beside the guests and the files that it names: that shows only when these are
    /// opened.
    private static func isUsage(_ error: any Error) -> Bool {
        switch error {
        case is ParameterError, MigrationError.parameter, QEMUError.transfer(.parameter): true
        default: false
        }
    }

    /// Help and the version are asked for in the same way as usage errors come: as errors of the parser.
    private static func exit(parsingEndedWith error: any Error) -> Never {
        guard MultifdCommand.exitCode(for: error) != .success else { MultifdCommand.exit(withError: error) }
        StandardError.writeLine("multifd: \(MultifdCommand.message(for: error))")
        // The parser's last line names the subcommand whose help to ask for.
        if let hint = MultifdCommand.fullMessage(for: error).split(separator: "\n").last, hint.contains("--help") {
            StandardError.writeLine(String(hint))
        }
        MultifdCommand.exit(withError: wrongUsage)
    }
}
