import ArgumentParser
import Multifd

extension MultifdCommand {
    /// All combinations, for runs of hours: hence the only benchmark that can be resumed.
    struct BenchMatrix: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "matrix",
            abstract: "Runs every number of channels with every mode on every link.",
            discussion: """
                The files are brought up to date after every run. If it is stopped, the same command goes on with what is \
                missing in the file that --json names.

                Example:

                  multifd bench matrix memory.raw --channels 2,4 --json all.json
                """)

        @OptionGroup
        var options: BenchOptions

        @Option(
            help: ArgumentHelp("Numbers of channels. (default: 1,2,4,8)", valueName: "counts"),
            transform: BenchOptions.channels(parsing:))
        var channels: [Int] = []

        func validate() throws { try options.validate(modes) }

        func run() throws {
            let counts = channels.isEmpty ? [1, 2, 4, 8] : channels
            let cases = options.linkRates.flatMap { link in
                counts.flatMap { count in modes.map { BenchCase(channels: count, mode: $0, link: link) } }
            }
            try options.run("matrix", cases, resumes: true)
        }

        private var modes: [BenchMode] {
            guard options.modes.isEmpty else { return options.modes }
            let modes = [
                BenchMode(.none), BenchMode(.zlib, level: 1), BenchMode(.zstd, level: -1), BenchMode(.zstd, level: 1),
                BenchMode(.zstd, level: 3), BenchMode(.auto),
            ]
            return options.isLive ? BenchMode.withDeltas(modes) : modes
        }
    }
}
