/// How much may lie in the queue: what the channels send in a moment. A guest that writes to a page which still lies there
/// has it sent twice, so over a slow link a deep queue is as much more to send.
struct QueueBound {
    /// Far longer than the coordinator ever keeps channels waiting, far shorter than an iteration that matters.
    private static let span = Duration.milliseconds(50)

    /// So many pages keep all channels busy, however slow they are.
    private let minimum: Int
    /// The bound. Kept from iteration to iteration: an iteration that is queued before anything is known of the link has
    /// been queued as a whole.
    private var pageCount = Int.max
    private var wasReached = false
    private var sampledAt = MonotonicTime.now
    private var sampledCount = 0

    init(channelCount: Int) { minimum = 2 * channelCount * Batch.capacity }

    /// Channels begin to send.
    mutating func begin(sentPageCount: Int, at time: MonotonicTime) {
        sampledAt = time
        sampledCount = sentPageCount
        wasReached = false
    }

    /// - Parameters:
    ///   - queued: pages that wait in the queue or are being sent.
    ///   - sent: pages that were sent since the beginning of the migration.
    /// - Returns: whether there is room for another batch.
    mutating func hasRoom(queued: Int, sent: Int, at time: MonotonicTime) -> Bool {
        let elapsed = time.since(sampledAt)
        if elapsed >= Self.span {
            pageCount = max(minimum, Int(Double(sent - sampledCount) * (Self.span / elapsed)))
            (sampledAt, sampledCount) = (time, sent)
        }
        guard queued < pageCount else {
            wasReached = true
            return false
        }
        // Full a moment ago and nearly empty now: the channels have become faster, as where zero pages begin.
        if wasReached, queued < pageCount / 4 {
            pageCount *= 2
            wasReached = false
        }
        return true
    }
}
