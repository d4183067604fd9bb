import MultifdSimulator

/// Runs cases in turn, round after round, so that a machine that becomes slower or faster does so for all of them.
struct Benchmark {
    let pair: MigrationPair
    let cases: [BenchCase]
    let rounds: Int

    /// Whether a run is asked for, and not left from another call that asked for more.
    func includes(_ run: BenchRun) -> Bool { (1...rounds).contains(run.round) && cases.contains(run.benchCase) }

    /// - Parameters:
    ///   - done: earlier runs; they are not repeated.
    ///   - record: called with all runs so far, after each.
    func run(continuing done: [BenchRun] = [], _ record: ([BenchRun]) throws -> Void = { _ in }) throws -> [BenchRun] {
        var runs = done
        let known = Set(runs.map { Place(benchCase: $0.benchCase, round: $0.round) })
        let places = (1...rounds).flatMap(order).filter { !known.contains($0) }
        guard let first = places.first else { return runs }
        defer { if Terminal.error.isInteractive { Terminal.error.replaceLine(with: "") } }
        tell("warm-up", first.benchCase)
        _ = try pair.run(first.benchCase, round: 0)
        for (index, place) in places.enumerated() {
            tell("run \(index + 1) of \(places.count)", place.benchCase)
            runs.append(try pair.run(place.benchCase, round: place.round))
            try record(runs)
        }
        return runs
    }

    private struct Place: Hashable {
        var benchCase: BenchCase
        var round: Int
    }

    /// The first round as asked, each later one shuffled in its own way: what slows one run of every few down would
    /// meet the same case again and again. A host that takes back what memory a machine has freed does.
    private func order(ofRound round: Int) -> [Place] {
        var generator = SeededGenerator(seed: UInt64(round))
        let ordered = round == 1 ? cases : cases.shuffled(using: &generator)
        return ordered.map { Place(benchCase: $0, round: round) }
    }

    private func tell(_ what: String, _ benchCase: BenchCase) {
        guard Terminal.error.isInteractive else { return }
        Terminal.error.replaceLine(with: "\(what): \(benchCase)")
    }
}
