import Multifd
import TextTable

/// One line a channel: what it carried and where its time went.
struct ChannelTable {
    private let channels: [ChannelInfo]

    init(_ channels: [ChannelInfo]) {
        self.channels = channels
    }

    var text: String {
        TextTable<ChannelInfo> { channel in
            [
                .number("channel", channel.channel),
                .number("peer", channel.address),
                .number("packets", channel.packets),
                .number("normal", channel.normal),
                .number("zero", channel.duplicate),
                .number("in", ByteCount(rawValue: channel.bytesIn).rounded),
                .number("out", ByteCount(rawValue: channel.bytesOut).rounded),
                .number("encoding", channel.encodingTime.people),
                .number("writing", channel.writingTime.people),
                .number("waiting", channel.waitingTime.people),
            ]
        }.string(for: channels, style: Simple.self) ?? ""
    }
}
