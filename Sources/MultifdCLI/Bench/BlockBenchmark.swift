import Multifd
import MultifdQEMU

/// Sends each RAMBlock of a snapshot by itself, once in each mode: the bytes are the same in every run.
struct BlockBenchmark {
    private let snapshot: Snapshot
    private let pair: MigrationPair

    /// Nil when the pair's input is no snapshot.
    init?(of pair: MigrationPair) throws {
        guard case .snapshot(let path) = try SourceGuest(parsing: pair.input) else { return nil }
        snapshot = try Snapshot(path: path)
        self.pair = pair
    }

    /// RAMBlocks that are all zero are left out: there is nothing to compress.
    func run(_ modes: [BenchMode], channels: Int) throws -> [BenchBlock] {
        try snapshot.manifest.ramBlocks.filter { $0.normal > 0 }.map { block in
            var pair = pair
            pair.input = "\(snapshot.path)/\(block.file)"
            let outcomes = try modes.map { mode in
                let run = try pair.run(BenchCase(channels: channels, mode: mode), round: 1)
                guard let figures = run.figures else {
                    throw BenchError.blockFailed(
                        name: block.name, mode: mode.description, reason: run.error ?? "there is no report")
                }
                return BenchBlock.Outcome(
                    mode: mode, ratio: figures.ratio, transferred: figures.transferred, totalTime: figures.totalTime)
            }
            return BenchBlock(
                name: block.name, size: block.size, content: block.normal << Page.shift, outcomes: outcomes)
        }
    }
}
