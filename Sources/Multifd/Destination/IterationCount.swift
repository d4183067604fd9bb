/// Counts iterations by the barriers at their ends.
///
/// At a barrier with no page before it the source only asks how long an answer takes, unless it is the last: which of the two
/// it was shows at the next.
struct IterationCount {
    private var count = 0
    private var pageCount = 0
    private var isOpen = false

    /// - Parameter receivedPageCount: since the beginning of the migration.
    /// - Returns: the iterations until now.
    mutating func passBarrier(receivedPageCount: Int) -> Int {
        if !isOpen { count += 1 }
        isOpen = receivedPageCount == pageCount
        pageCount = receivedPageCount
        return count
    }
}
