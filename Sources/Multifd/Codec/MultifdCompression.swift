/// How the channels encode page content: the values of `multifd-compression`.
public enum MultifdCompression: String, CaseIterable, Codable, Sendable {
    /// Pages go as they are.
    case none
    /// The zlib format (RFC 1950), one stream a channel.
    case zlib
    /// The Zstandard format (RFC 8878), one frame a channel.
    case zstd
    /// Each channel chooses for each packet between none and levels of zstd, by what packets take. Ours.
    case auto

    /// The levels that the codec accepts: more takes longer and gives less to send.
    ///
    /// QEMU accepts 0 to 20 for zstd. The negative levels, faster than any other, are ours; their output is read by
    /// any zstd. Level 0 of zstd means the library's default, 3; level 0 of zlib stores without compressing.
    public var levels: ClosedRange<Int> {
        switch self {
        case .none, .auto: 0...0
        case .zlib: 0...9
        case .zstd: -7...20
        }
    }

    /// The level unless one is asked for.
    public var defaultLevel: Int {
        switch self {
        case .none, .auto: 0
        case .zlib, .zstd: 1
        }
    }

    /// An encoder for one channel, or nil for `none`, whose payload is the pages themselves, and for `auto`, which has an
    /// ``AdaptiveEncoder``.
    ///
    /// - Parameter level: one of ``levels``; trapped otherwise.
    package func makeEncoder(level: Int) throws(CodecError) -> (any PayloadEncoder)? {
        precondition(levels.contains(level))
        switch self {
        case .none, .auto: return nil
        case .zlib:
            // Where a level of ISA-L exists, it is many times as fast: the figures are at its type.
            if ISALEncoder.levels.contains(level) { return try ISALEncoder(level: level) }
            return try ZlibEncoder(level: level)
        case .zstd: return try ZstdEncoder(level: level)
        }
    }

    /// A decoder for one channel, or nil for `none`.
    package func makeDecoder() throws(CodecError) -> (any PayloadDecoder)? {
        switch self {
        case .none: nil
        case .zlib: ISALDecoder()
        case .zstd, .auto: try ZstdDecoder()
        }
    }
}
