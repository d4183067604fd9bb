/// Everything that a benchmark measured: what `--json FILE` gets.
struct BenchDocument: Encodable {
    var benchmark: String
    var input: String
    var settings: BenchSettings
    var machine: BenchMachine
    var runs: [BenchRun]
    var summaries: [BenchSummary] { BenchSummary.all(of: runs) }
    var channelAdvice: [ChannelAdvice] = []
    var linkAdvice: LinkAdvice?
    /// Of a snapshot, its RAMBlocks by themselves.
    var blocks: [BenchBlock] = []

    /// - Parameter arguments: what every run gives to `multifd send`.
    init(benchmark: String, input: String, arguments: [String], machine: BenchMachine, runs: [BenchRun] = []) {
        self.benchmark = benchmark
        self.input = input
        settings = BenchSettings(benchmark: benchmark, input: input, arguments: arguments, machine: machine)
        self.machine = machine
        self.runs = runs
    }

    private enum CodingKeys: String, CodingKey {
        case benchmark, input, settings, machine, runs, summaries
        case blocks = "ram-blocks"
        case channelAdvice = "channel-advice"
        case linkAdvice = "link-advice"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(benchmark, forKey: .benchmark)
        try container.encode(input, forKey: .input)
        try container.encode(settings, forKey: .settings)
        try container.encode(machine, forKey: .machine)
        try container.encode(runs, forKey: .runs)
        try container.encode(summaries, forKey: .summaries)
        if !channelAdvice.isEmpty { try container.encode(channelAdvice, forKey: .channelAdvice) }
        if !blocks.isEmpty { try container.encode(blocks, forKey: .blocks) }
        try container.encodeIfPresent(linkAdvice, forKey: .linkAdvice)
    }

    /// The runs that a matrix with these settings has done already; none when there is no such file. Those that failed are
    /// done again.
    func earlierRuns(in path: String) throws -> [BenchRun] {
        guard ReportFile(path).exists else { return [] }
        struct Past: Decodable {
            var settings: BenchSettings
            var runs: [BenchRun]
        }
        let past = try JSONDocument.read(Past.self, from: path, writtenBy: "multifd bench")
        if let (name, own, other) = settings.difference(from: past.settings) {
            throw BenchError.otherMatrix(path: path, setting: name, found: other, expected: own)
        }
        return past.runs.filter { $0.error == nil }
    }
}
