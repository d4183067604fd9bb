/// How a packet's payload is encoded: bits 1 to 5 of its flags.
///
/// ``MultifdCompression`` is what is asked for, for all packets of a migration. ``CodecChooser/Mode`` is what `auto`
/// makes of that for a packet: as it is, or zstd at some level. This is what the packet then says: a decoder needs no
/// level, and cannot tell `auto` from `zstd`.
package enum PacketCodec: UInt32, Sendable {
    case none = 0
    case zlib = 1
    case zstd = 2
}

extension MultifdCompression {
    /// The compression of packets that are marked so.
    package init(_ codec: PacketCodec) {
        switch codec {
        case .none: self = .none
        case .zlib: self = .zlib
        case .zstd: self = .zstd
        }
    }

    /// How packets of this compression are marked, unless they go as they are.
    var packetCodec: PacketCodec {
        switch self {
        case .none: .none
        case .zlib: .zlib
        case .zstd, .auto: .zstd
        }
    }
}
