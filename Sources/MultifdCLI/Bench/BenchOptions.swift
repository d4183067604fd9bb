import ArgumentParser
import Multifd

/// What all benchmarks take.
struct BenchOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "What to migrate: a raw image, a directory with images, a snapshot, workload:... or replay:...",
            valueName: "input")
    )
    var input: String

    @Option(help: ArgumentHelp("How many times each case is run, after a warm-up.", valueName: "count"))
    var runs = 5

    @Option(
        help: ArgumentHelp("Links to compare on: 1Gbit/s,10Gbit/s,... (default: no limit)", valueName: "rates"),
        transform: BenchOptions.links(parsing:))
    var link: [ByteRate] = []

    @Option(
        help: ArgumentHelp(
            "Ways to encode: none, zlib[:LEVEL], zstd[:LEVEL], auto, each also with +deltas behind it. (default: several)",
            valueName: "modes"),
        transform: BenchOptions.modes(parsing:))
    var modes: [BenchMode] = []

    @Option(help: ArgumentHelp("For how long a guest may be paused, in ms. (default: 300)", valueName: "ms"))
    var downtimeLimit: Int?

    @Option(
        help: ArgumentHelp("How much page content to keep for deltas. (default: 64MiB)", valueName: "size"),
        transform: ByteCount.init(parsing:))
    var xbzrleCacheSize: ByteCount?

    @Option(help: ArgumentHelp("Give a run up after this time, in s.", valueName: "s"))
    var timeout = 300

    @Option(help: ArgumentHelp("Write everything that was measured to this file.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write one row a run to this file.", valueName: "file"))
    var csv: String?

    /// The order of all runs is kept in memory, and nobody waits for more.
    private static let maximumRuns = 10_000

    func validate() throws {
        try ValidationError.wrapping {
            guard runs > 0 else { throw ParameterError.belowMinimum(name: "runs", minimum: 1, found: runs) }
            guard runs <= Self.maximumRuns else {
                throw ParameterError.outOfRange(name: "runs", valid: 1...Self.maximumRuns, found: runs)
            }
            try parameters.validate()
            _ = try SourceGuest(parsing: input)
            if let json, let csv, ReportFile(json).isSame(as: ReportFile(csv)) {
                throw BenchError.sameFile(path: json)
            }
        }
    }

    /// Refuses what makes no sense beside the modes that a benchmark compares.
    func validate(_ modes: [BenchMode]) throws(ValidationError) {
        try ValidationError.wrapping {
            let hasDeltas = modes.contains(where: \.deltas)
            guard isLive || !hasDeltas else { throw BenchError.deltasWithoutWrites(input: input) }
            guard xbzrleCacheSize == nil || hasDeltas else { throw BenchError.cacheWithoutDeltas }
        }
    }

    private var parameters: MigrationParameters {
        var parameters = MigrationParameters()
        if let downtimeLimit { parameters.downtimeLimit = .milliseconds(downtimeLimit) }
        if let xbzrleCacheSize { parameters.xbzrleCacheSize = xbzrleCacheSize.rawValue }
        parameters.timeout = .seconds(timeout)
        return parameters
    }

    /// Given to `multifd send` in every run.
    var commonArguments: [String] {
        var arguments = ["--verify-memory", "--timeout", "\(timeout)"]
        if let downtimeLimit { arguments += ["--downtime-limit", "\(downtimeLimit)"] }
        return arguments
    }

    /// Given in addition in runs with deltas.
    var deltaArguments: [String] {
        xbzrleCacheSize.map { ["--xbzrle-cache-size", "\($0.rawValue)"] } ?? []
    }

    /// Bytes per second of each link; 0 for the one without a limit that stands for none given.
    var linkRates: [Int] { link.isEmpty ? [0] : link.map(\.rawValue) }

    /// Whether the input writes while it is migrated, so that deltas make sense.
    var isLive: Bool { SourceGuest.isLive(input) }

    /// Throws what would make every run fail.
    func checkInput() throws { try SourceGuest(parsing: input).check() }

    static func channels(parsing text: String) throws(BenchError) -> [Int] {
        try list(text, of: "channels") { entry throws(BenchError) in
            guard let count = Int(entry), (1...255).contains(count) else { throw .invalidChannels(String(entry)) }
            return count
        }
    }

    static func modes(parsing text: String) throws(BenchError) -> [BenchMode] {
        try list(text, of: "modes") { entry throws(BenchError) in try BenchMode(parsing: String(entry)) }
    }

    static func links(parsing text: String) throws(BenchError) -> [ByteRate] {
        try list(text, of: "link") { entry throws(BenchError) in
            let rate: ByteRate
            do {
                rate = try ByteRate(parsing: String(entry))
            } catch {
                throw .invalidLink(String(entry), reason: "\(error)")
            }
            guard rate.rawValue > 0 else {
                throw .invalidLink(String(entry), reason: "nothing goes over it; leave --link out for no limit")
            }
            return rate
        }
    }

    /// What is in the list twice is measured once.
    private static func list<Value: Equatable>(
        _ text: String, of option: String, _ parse: (Substring) throws(BenchError) -> Value
    ) throws(BenchError) -> [Value] {
        let entries = text.split(separator: ",", omittingEmptySubsequences: false)
        guard !entries.allSatisfy(\.isEmpty) else { throw .emptyList(option: option) }
        guard !entries.contains(where: \.isEmpty) else { throw .emptyEntry(option: option, list: text) }
        var values: [Value] = []
        for entry in entries {
            let value = try parse(entry)
            if !values.contains(value) { values.append(value) }
        }
        return values
    }
}
