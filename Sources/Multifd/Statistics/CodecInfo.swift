/// What one codec did, over all channels.
public struct CodecInfo: Codable, Hashable, Sendable {
    /// The level in use; nil for a codec without levels.
    public var level: Int?
    /// Packets with a payload.
    public var packets = 0
    /// Bytes before encoding.
    public var bytesIn = 0
    /// Bytes after encoding.
    public var bytesOut = 0
    /// Time spent encoding (decoding, at the destination), summed over the channels.
    @Milliseconds public var encodingTime: Duration = .zero
    /// Packets that `multifd-compression auto` sent as they were because their content looked incompressible.
    public var rawFallbacks = 0

    /// Nothing counted.
    public init(level: Int? = nil) {
        self.level = level
    }

    static func += (total: inout CodecInfo, part: CodecInfo) {
        total.packets += part.packets
        total.bytesIn += part.bytesIn
        total.bytesOut += part.bytesOut
        total.encodingTime += part.encodingTime
        total.rawFallbacks += part.rawFallbacks
    }

    private enum CodingKeys: String, CodingKey {
        case level
        case packets
        case bytesIn = "bytes-in"
        case bytesOut = "bytes-out"
        case encodingTime = "encoding-time"
        case rawFallbacks = "raw-fallbacks"
    }
}
