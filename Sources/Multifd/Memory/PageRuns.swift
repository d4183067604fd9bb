/// Runs of pages in ascending order, with gaps that are too small to be worth a run of their own closed. For runs that
/// may be a little too large, but never too small.
package struct PageRuns: Sendable {
    package private(set) var runs: [Range<Int>] = []
    private let smallestGap: Int

    /// - Parameter smallestGap: pages. Runs less than that apart become one. The default, 64 KiB, holds the runs of a
    ///   block of any content to 1/17 of its pages.
    package init(smallestGap: Int = 16) { self.smallestGap = smallestGap }

    /// Adds a run that begins at or after the beginning of the last.
    package mutating func append(_ run: Range<Int>) {
        guard !run.isEmpty else { return }
        if let last = runs.last, run.lowerBound - last.upperBound < smallestGap {
            runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, run.upperBound)
        } else {
            runs.append(run)
        }
    }

    /// The union of two lists of runs.
    static func union(_ left: [Range<Int>], _ right: [Range<Int>]) -> [Range<Int>] {
        var union = PageRuns()
        for run in (left + right).sorted(by: { $0.lowerBound < $1.lowerBound }) { union.append(run) }
        return union.runs
    }
}
