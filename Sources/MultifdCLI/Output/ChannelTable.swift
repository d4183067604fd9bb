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
                Self.column("channel", channel.channel),
                Self.column("peer", channel.address),
                Self.column("packets", channel.packets),
                Self.column("normal", channel.normal),
                Self.column("zero", channel.duplicate),
                Self.column("in", ByteCount(rawValue: channel.bytesIn).rounded),
                Self.column("out", ByteCount(rawValue: channel.bytesOut).rounded),
                Self.column("encoding", channel.encodingTime.people),
                Self.column("writing", channel.writingTime.people),
                Self.column("waiting", channel.waitingTime.people),
            ]
        }.string(for: channels, style: Simple.self) ?? ""
    }

    private static func column(_ title: String, _ value: some CustomStringConvertible) -> Column {
        Column(title: title, value: value.description, align: .right)
    }
}
