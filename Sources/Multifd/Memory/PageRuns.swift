/// Runs of pages in ascending order, with gaps that are too small to be worth a run of their own closed. For runs that
/// may be a little too large, but never too small.
struct PageRuns: Sendable {
    private(set) var runs: [Range<Int>] = []

    /// Less than 64 KiB apart is together: so the runs of a block of any content are at most 1/17 of its pages.
    private static let smallestGap = 16

    /// Adds a run that begins at or after the end of the last.
    mutating func append(_ run: Range<Int>) {
        if let last = runs.last, run.lowerBound - last.upperBound < Self.smallestGap {
            runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, run.upperBound)
        } else if !run.isEmpty {
            runs.append(run)
        }
    }

    /// The union of two lists of runs in ascending order.
    static func union(_ left: [Range<Int>], _ right: [Range<Int>]) -> [Range<Int>] {
        var union = PageRuns()
        for run in (left + right).sorted(by: { $0.lowerBound < $1.lowerBound }) { union.append(run) }
        return union.runs
    }
}
