/// What moves the memory: the network, and the channels that feed it.
package struct LinkModel: Hashable, Sendable, Codable {
    /// 10 Gbit/s: what is taken for a link of which nothing is known.
    package static let usualBandwidth = 1.25e9

    /// Bytes a second on the wire.
    package var bandwidth: Double
    /// `max-bandwidth`: bytes a second, 0 for no limit.
    package var limit: Double
    /// One way, in seconds.
    package var latency: Double
    package var channelCount: Int
    /// Bytes of normal pages that one channel reads, encodes and writes in a second.
    package var channelRate: Double
    /// Bytes of zero pages that all channels find in a second.
    package var zeroPageRate: Double

    package init(
        bandwidth: Double, limit: Double = 0, latency: Double = 0.0002, channelCount: Int = 2,
        channelRate: Double = 1.5e9,
        zeroPageRate: Double = 4e9
    ) {
        self.bandwidth = bandwidth
        self.limit = limit
        self.latency = latency
        self.channelCount = channelCount
        self.channelRate = channelRate
        self.zeroPageRate = zeroPageRate
    }

    /// Bytes a second that the wire takes.
    package var wireRate: Double { limit > 0 ? min(bandwidth, limit) : bandwidth }
    package var roundTrip: Double { 2 * latency }

    /// Whether something moves, and not infinitely fast: with other rates a simulation has no end, or times that are no
    /// numbers.
    package var movesMemory: Bool {
        [bandwidth, channelRate, zeroPageRate].allSatisfy { $0.isFinite && $0 > 0 } && limit.isFinite && limit >= 0
            && channelCount > 0
    }

    /// Seconds to move a byte of a normal page that is `wireShare` bytes on the wire.
    func secondsPerByte(wireShare: Double) -> Double {
        max(wireShare / wireRate, 1 / (Double(channelCount) * channelRate))
    }

    private enum CodingKeys: String, CodingKey {
        case bandwidth
        case limit = "max-bandwidth"
        case latency
        case channelCount = "multifd-channels"
        case channelRate = "channel-rate"
        case zeroPageRate = "zero-page-rate"
    }
}
