package import Synchronization

/// What one channel has done so far. Written by the channel's thread once a packet, read by whoever reports.
package final class ChannelCounters: Sendable {
    package let packets = Counter()
    package let normal = Counter()
    package let duplicate = Counter()
    package let delta = Counter()
    /// What the channel's pages met in the cache of deltas.
    let deltas = DeltaCounters()
    package let bytesIn = Counter()
    package let bytesOut = Counter()
    /// Written by the channel's thread once a packet.
    package let codecs = Mutex(CodecCounts())
    /// In ns, like the other times.
    package let encodingTime = Counter()
    package let writingTime = Counter()
    package let waitingTime = Counter()

    package init() {}

    package func add(_ header: borrowing PacketHeader, bytesIn count: Int, bytesOut encoded: Int) {
        packets.add(1)
        normal.add(header.normalPageCount)
        duplicate.add(header.zeroPageCount)
        delta.add(header.deltaPageCount)
        bytesIn.add(count)
        bytesOut.add(encoded)
    }

    /// Pages sent or received.
    package var pages: Int { normal.value + duplicate.value + delta.value }

    package func info(channel: Int, address: String) -> ChannelInfo {
        var info = ChannelInfo(channel: channel, address: address)
        info.packets = packets.value
        info.normal = normal.value
        info.duplicate = duplicate.value
        info.delta = delta.value
        info.unchanged = deltas.value.unchanged
        info.bytesIn = bytesIn.value
        info.bytesOut = bytesOut.value
        info.encodingTime = .nanoseconds(encodingTime.value)
        info.writingTime = .nanoseconds(writingTime.value)
        info.waitingTime = .nanoseconds(waitingTime.value)
        return info
    }
}
