/// How long the destination takes to answer while no page is on its way, as it is when the guest is paused for good. Pure: it
/// is told what the answers took.
///
/// The answer at the end of an iteration comes behind all that sockets and the link still hold: over a slow link these are
/// seconds, which the transfer of the pages has counted already.
struct RoundTrip {
    /// The share of the downtime limit below which an answer that takes longer than it might is not asked for again.
    private static let share = 0.03
    /// How many times as long as the last that was asked for alone such an answer takes.
    private static let factor = 2.0

    /// As it is counted on.
    private(set) var duration = Duration.zero
    /// The last at the end of an iteration.
    private var last = Duration.zero
    /// The last with nothing on its way, nil while there has been none.
    private var idle: Duration?

    /// Takes note of the answer at the end of an iteration.
    ///
    /// - Returns: whether to ask again, with nothing on its way. Until then it does not count: a sync may come first.
    mutating func record(afterIteration answer: Duration, downtimeLimit: Duration) -> Bool {
        last = answer
        let isWorthAnother = answer > downtimeLimit * Self.share && idle.map { answer > $0 * Self.factor } ?? true
        if !isWorthAnother { duration = answer }
        return isWorthAnother
    }

    /// Takes note of an answer with nothing on its way.
    mutating func record(idle answer: Duration) {
        duration = min(last, answer)
        idle = answer
    }
}
