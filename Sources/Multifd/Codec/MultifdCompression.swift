/// How the channels encode page content: the values of `multifd-compression`.
public enum MultifdCompression: String, CaseIterable, Codable, Sendable {
    /// As it is.
    case none
    /// RFC 1950 streams.
    case zlib
    /// Zstandard frames.
    case zstd
}
