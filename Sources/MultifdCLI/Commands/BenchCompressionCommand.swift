import ArgumentParser
import Multifd

extension MultifdCommand {
    /// Which codec and level.
    struct BenchCompression: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "compression",
            abstract: "Compares codecs, levels and deltas, and says which wins on which link.",
            discussion: """
                There is always a run without a limit: from it the link speeds are computed at which two modes are equally \
                fast. Each RAMBlock of a snapshot is also sent by itself, to tell how far it compresses.

                Examples:

                  multifd bench compression memory.raw --link 1Gbit/s,10Gbit/s
                  multifd bench compression vm.snapshot --modes none,zstd:1,auto
                """)

        @OptionGroup
        var options: BenchOptions

        @Option(help: ArgumentHelp("Channels in every run.", valueName: "count"))
        var channels = 4

        func validate() throws {
            try ValidationError.wrapping {
                guard (1...255).contains(channels) else {
                    throw ParameterError.outOfRange(name: "channels", valid: 1...255, found: channels)
                }
            }
            try options.validate(modes)
        }

        func run() throws {
            let links = [0] + options.linkRates.filter { $0 > 0 }
            let cases = links.flatMap { link in modes.map { BenchCase(channels: channels, mode: $0, link: link) } }
            try options.run("compression", cases) { document in
                let summaries = document.summaries
                var text: [String] = []
                for link in links {
                    guard
                        let winner = summaries.filter({ $0.benchCase.link == link })
                            .min(by: { $0.totalTime.median < $1.totalTime.median })
                    else { continue }
                    let place = link > 0 ? "at \(winner.benchCase.linkText)" : "without a limit"
                    text.append(
                        "\(place) \(winner.benchCase.mode) wins: \(Duration.seconds(winner.totalTime.median).people)")
                }
                let advice = LinkAdvice(summaries, isLive: options.isLive)
                document.linkAdvice = advice
                if let advice {
                    if advice.steps.count > 1 { text.append(advice.text) }
                } else {
                    text.append(
                        "no break-even speeds are computed: a guest that writes sends more over a slower link, so only "
                            + "runs with --link tell which mode wins there")
                }
                return text
            } measuring: { document, pair in
                guard let blocks = try BlockBenchmark(of: pair) else { return nil }
                document.blocks = try blocks.run(modes, channels: channels)
                return BlockTable(document.blocks).text
            }
        }

        private var modes: [BenchMode] {
            guard options.modes.isEmpty else { return options.modes }
            let modes = [
                BenchMode(.none), BenchMode(.zlib, level: 1), BenchMode(.zlib, level: 6), BenchMode(.zstd, level: -5),
                BenchMode(.zstd, level: -1), BenchMode(.zstd, level: 1), BenchMode(.zstd, level: 3),
                BenchMode(.zstd, level: 6), BenchMode(.auto),
            ]
            return options.isLive ? BenchMode.withDeltas(modes) : modes
        }
    }
}

extension LinkAdvice {
    /// For people.
    var text: String {
        let parts = steps.map { step in
            step.upTo.map {
                let benchCase = BenchCase(channels: 1, mode: step.mode, link: Int(saturating: $0))
                return "\(step.mode) up to \(benchCase.linkText)"
            }
                ?? "\(step.mode) beyond"
        }
        return "computed from the runs without a limit, by the speed of the link: " + parts.joined(separator: ", ")
    }
}
