import ArgumentParser
import Glibc

/// The entry: runs the subcommand and turns errors into one sentence on standard error and an exit code.
///
/// 0 is success, 1 a migration that failed or could not begin, 2 a command line that makes no sense, 3 a guest that was
/// handed over without that being confirmed or told. ArgumentParser's own entry would exit with 64 for a wrong command line.
@main
enum Main {
    static func main() async {
        // A reader that goes away, or a file beyond its limit, is an error of the call and not this process's end: a guest
        // may live in it.
        for signal in [SIGPIPE, SIGXFSZ] { _ = Glibc.signal(signal, SIG_IGN) }
        DescriptorLimit.raise()
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
            MultifdCommand.exit(withError: FailureCode(error).exitCode)
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
        MultifdCommand.exit(withError: FailureCode.wrongUsage.exitCode)
    }
}
