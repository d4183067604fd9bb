import Multifd

/// Which mode is the fastest on which link, as far as measurements without a limit tell.
///
/// A mode needs the larger of two times: T, what it took without a limit, and B / L for its B bytes on a link of L bytes a
/// second. Of two modes of which one has fewer bytes and the larger T, that one is faster on links slower than
/// L = B(other) / T(one): there the other still waits for the link when the one would be done.
package struct LinkAdvice: Encodable, Hashable, Sendable {
    package struct Step: Encodable, Hashable, Sendable {
        package let mode: BenchMode
        /// Bytes per second up to which the mode is the fastest; nil for the last.
        package let upTo: Double?

        private enum CodingKeys: String, CodingKey {
            case mode
            case upTo = "up-to"
        }
    }

    /// From the slowest links to the fastest.
    package let steps: [Step]

    /// - Parameters:
    ///   - summaries: those with a limit, and those of auto, which sends other bytes on another link, are left out.
    ///   - isLive: whether the guest wrote meanwhile. It sends more over a slower link, so that nothing follows from what it
    ///     sent without a limit: there is no advice.
    package init?(_ summaries: [BenchSummary], isLive: Bool) {
        guard !isLive else { return nil }
        self.init(
            summaries.filter { $0.benchCase.link == 0 && $0.benchCase.mode.compression != .auto }
                .map { ($0.benchCase.mode, $0.transferred.median, $0.totalTime.median) })
    }

    /// - Parameter measured: each mode's bytes and its seconds without a limit.
    package init(_ measured: [(mode: BenchMode, byteCount: Double, seconds: Double)]) {
        // Worth a thought is what no other mode beats in both.
        let front = measured.filter { one in
            !measured.contains { other in
                other.byteCount <= one.byteCount && other.seconds <= one.seconds
                    && (other.byteCount < one.byteCount || other.seconds < one.seconds)
            }
        }.sorted { $0.byteCount < $1.byteCount }
        var steps: [Step] = []
        for (index, entry) in front.enumerated() {
            guard index + 1 < front.count else {
                steps.append(Step(mode: entry.mode, upTo: nil))
                break
            }
            steps.append(Step(mode: entry.mode, upTo: front[index + 1].byteCount / entry.seconds))
        }
        self.steps = steps
    }
}
