/// What has been sent up to a moment, over all channels.
package struct TransferCounts: Sendable {
    package var packets = 0
    package var normal = 0
    package var duplicate = 0
    package var delta = 0
    package var unchanged: Int { deltas.unchanged }
    package var deltas = XBZRLECounters()
    /// Bytes on all channels, packet headers included.
    package var channelBytes = 0
    /// Bytes on the main channel.
    package var mainBytes = 0

    package init() {}

    package init(of channels: some Sequence<ChannelCounters>, mainBytes: Int) {
        self.mainBytes = mainBytes
        for channel in channels {
            packets += channel.packets.value
            normal += channel.normal.value
            duplicate += channel.duplicate.value
            delta += channel.delta.value
            deltas += channel.deltas.value
            channelBytes += channel.bytesOut.value
        }
    }

    package var transferred: Int { channelBytes + mainBytes }
    /// Pages dealt with.
    package var pages: Int { normal + duplicate + delta + unchanged }
}
