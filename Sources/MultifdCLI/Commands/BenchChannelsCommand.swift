import ArgumentParser
import Multifd

extension MultifdCommand {
    /// How many channels.
    struct BenchChannels: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "channels",
            abstract: "Compares numbers of channels, and recommends one.",
            discussion: """
                Examples:

                  multifd bench channels memory.raw
                  multifd bench channels memory.raw --channels 1,2,4 --modes zstd:1 \\
                    --link 10Gbit/s
                """)

        @OptionGroup
        var options: BenchOptions

        @Option(
            help: ArgumentHelp("Numbers to compare. (default: 1,2,4,8,16)", valueName: "counts"),
            transform: BenchOptions.channels(parsing:))
        var channels: [Int] = []

        func validate() throws { try options.validate(modes) }

        func run() throws {
            let counts = channels.isEmpty ? [1, 2, 4, 8, 16] : channels
            let cases = options.linkRates.flatMap { link in
                modes.flatMap { mode in counts.map { BenchCase(channels: $0, mode: mode, link: link) } }
            }
            try options.run("channels", cases) { document in
                var text: [String] = []
                for link in options.linkRates {
                    for mode in modes {
                        let summaries = document.summaries.filter {
                            $0.benchCase.mode == mode && $0.benchCase.link == link
                        }
                        guard let advice = ChannelAdvice(summaries, coreCount: document.machine.cores) else { continue }
                        document.channelAdvice.append(advice)
                        let place = link > 0 ? " at \(summaries[0].benchCase.linkText)" : ""
                        text.append("\(mode)\(place): use --multifd-channels \(advice.channels): \(advice.reason)")
                    }
                }
                return text
            }
        }

        private var modes: [BenchMode] {
            options.modes.isEmpty ? [BenchMode(.none), BenchMode(.zstd)] : options.modes
        }
    }
}
