/// Whether a channel fills the cache of deltas in the first iteration, when nothing is to be found in it yet.
///
/// That takes a microsecond or two a page: a copy, and a share of a page fault. There is time for it when the link takes
/// longer for a page, as a limit says or as sending shows.
struct CacheFillRule {
    /// Whether there is time.
    private(set) var isMet = false

    private let channelCount: Int
    /// All of this channel's so far: single packets are kept waiting by much that is not the link.
    private var sentPageCount = 0
    private var sendingTime = Duration.zero

    /// A link is slow enough that takes longer for a page.
    static let idleSecondsPerPage = 4e-6

    /// - Parameters:
    ///   - channelCount: channels that share the link.
    ///   - limit: bytes per second that they may send, 0 for no limit: before anything is sent, nothing else is known.
    init(channelCount: Int, limit: Int) {
        self.channelCount = channelCount
        isMet = Self.seconds(aPageAtLimit: limit) > Self.idleSecondsPerPage
    }

    private static func seconds(aPageAtLimit limit: Int) -> Double {
        limit > 0 ? Double(Page.byteCount) / Double(limit) : 0
    }

    /// Learns how long the pages of a packet took to be sent.
    ///
    /// - Parameters:
    ///   - pageCount: at least one.
    ///   - limit: bytes per second that all channels may send, 0 for no limit.
    mutating func record(pageCount: Int, sending: Duration, limit: Int) {
        sentPageCount += pageCount
        sendingTime += sending
        let bySending = sendingTime.seconds / Double(sentPageCount * channelCount)
        isMet = max(bySending, Self.seconds(aPageAtLimit: limit)) > Self.idleSecondsPerPage
    }
}
