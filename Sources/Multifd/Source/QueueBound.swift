/// How much may lie in the queue: what the channels send in a moment. A guest that writes to a page which still lies there
/// has it sent twice, so over a slow link a deep queue is as much more to send.
///
/// The first iteration has no bound: all of it is written to later if it is at all, and among its zero pages the channels
/// are now fast and now slow.
struct QueueBound {
    /// Far longer than the coordinator ever keeps channels waiting, far shorter than an iteration that matters.
    private static let span = Duration.milliseconds(50)

    /// This many pages keep all channels busy, however slow they are.
    private let minimum: Int
    /// Nil without a bound.
    private var pageCount: Int?
    private var wasReached = false
    private var sampledAt = MonotonicTime.now
    private var sampledCount = 0

    init(channelCount: Int) { minimum = 2 * channelCount * Page.countPerBatch }

    var isBounded: Bool { pageCount != nil }

    /// Channels begin to send.
    ///
    /// - Parameters:
    ///   - bytesPerSecond: of RAM, as lately achieved; nil in the first iteration.
    ///   - sent: pages that were sent since the beginning of the migration.
    mutating func begin(bytesPerSecond: Double?, sent: Int, at time: MonotonicTime) {
        pageCount = bytesPerSecond.map { max(minimum, Int($0 * Self.span.seconds) >> Page.shift) }
        wasReached = false
        (sampledAt, sampledCount) = (time, sent)
    }

    /// - Parameters:
    ///   - queued: pages that wait in the queue or are being sent.
    ///   - sent: pages that were sent since the beginning of the migration.
    /// - Returns: whether there is room for another batch.
    mutating func hasRoom(queued: Int, sent: Int, at time: MonotonicTime) -> Bool {
        guard var bound = pageCount else { return true }
        defer { pageCount = bound }
        let elapsed = time.since(sampledAt)
        if elapsed >= Self.span {
            bound = max(minimum, Int(Double(sent - sampledCount) * (Self.span / elapsed)))
            (sampledAt, sampledCount) = (time, sent)
        }
        guard queued < bound else {
            wasReached = true
            return false
        }
        // Full a moment ago and nearly empty now: the channels have become faster.
        if wasReached, queued < bound / 4 {
            bound *= 2
            wasReached = false
        }
        return true
    }
}
