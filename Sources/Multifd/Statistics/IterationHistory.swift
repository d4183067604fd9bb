/// The iterations of a migration. One that does not converge has hundreds of thousands in hours: the first ones and the last
/// tell how it went.
struct IterationHistory {
    /// 2.5 MB of a document. A report shares them with the coordinator, so that each costs a copy of them all, 0.5 ms.
    static let maximumEntryCount = 10_000
    /// At either end these stay.
    private static let endCount = 4000

    private(set) var entries: [IterationInfo] = []
    /// Nil as long as all are there.
    private(set) var leftOut: LeftOutIterations?

    var count: Int { entries.count + (leftOut?.count ?? 0) }
    var isEmpty: Bool { entries.isEmpty }
    var last: IterationInfo? { entries.last }

    mutating func append(_ iteration: IterationInfo) {
        if entries.count == Self.maximumEntryCount { leaveOut(Self.endCount..<entries.count - Self.endCount) }
        entries.append(iteration)
    }

    private mutating func leaveOut(_ range: Range<Int>) {
        var leftOut = leftOut ?? LeftOutIterations()
        for iteration in entries[range] { leftOut.add(iteration) }
        self.leftOut = leftOut
        entries.removeSubrange(range)
    }

    mutating func changeLast(_ change: (inout IterationInfo) -> Void) {
        guard let last = entries.indices.last else { return }
        change(&entries[last])
    }
}
