/// How much may lie in the queue: what the channels send in a moment. A guest that writes to a page which still lies there
/// has it sent twice, so over a slow link a deep queue is as much more to send.
struct QueueBound {
    /// Far longer than the coordinator ever keeps channels waiting, far shorter than an iteration that matters.
    private static let span = Duration.milliseconds(50)

    /// So many pages keep all channels busy, however slow they are.
    private let minimum: Int
    private var pageCount = Int.max
    private var sampledAt = MonotonicTime.now
    private var sampledCount = 0

    init(channelCount: Int) { minimum = 2 * channelCount * Batch.capacity }

    /// Channels begin to send.
    mutating func begin(sentPageCount: Int, at time: MonotonicTime) {
        sampledAt = time
        sampledCount = sentPageCount
    }

    /// - Parameters:
    ///   - queued: pages that wait in the queue or are being sent.
    ///   - sent: pages that were sent since the beginning of the migration.
    /// - Returns: whether there is room for another batch.
    mutating func hasRoom(queued: Int, sent: Int, at time: MonotonicTime) -> Bool {
        let elapsed = time.since(sampledAt)
        if elapsed >= Self.span {
            pageCount = max(minimum, Int(Double(sent - sampledCount) * (Self.span / elapsed)))
            begin(sentPageCount: sent, at: time)
        }
        // They have become faster than they were.
        if queued < minimum / 2 { pageCount = Int.max }
        return queued < pageCount
    }
}
