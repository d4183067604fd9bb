/// What one channel did.
public struct ChannelInfo: Codable, Hashable, Sendable {
    /// The channel's number, from 0.
    public var channel = 0
    /// The other end's address.
    public var address = ""
    /// Packets sent or received.
    public var packets = 0
    /// Pages with content.
    public var normal = 0
    /// Zero pages.
    public var duplicate = 0
    /// Pages as deltas.
    public var delta = 0
    /// Pages that were not sent because the destination had them as they were.
    public var unchanged = 0
    /// Bytes that went into the channel: at the source page content, whole pages for deltas too; at the destination what
    /// the socket gave.
    public var bytesIn = 0
    /// Bytes that came out of it: at the source what went to the socket, at the destination page content.
    public var bytesOut = 0
    /// Time spent copying, scanning and encoding; at the destination decoding and checking.
    @Milliseconds public var encodingTime: Duration = .zero
    /// Time spent in the socket; at the destination reading from it.
    @Milliseconds public var writingTime: Duration = .zero
    /// Time spent without a batch to work on.
    @Milliseconds public var waitingTime: Duration = .zero

    /// Nothing counted.
    public init(channel: Int = 0, address: String = "") {
        self.channel = channel
        self.address = address
    }

    private enum CodingKeys: String, CodingKey {
        case channel
        case address
        case packets
        case normal
        case duplicate
        case delta
        case unchanged
        case bytesIn = "bytes-in"
        case bytesOut = "bytes-out"
        case encodingTime = "encoding-time"
        case writingTime = "writing-time"
        case waitingTime = "waiting-time"
    }
}
