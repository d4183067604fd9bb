/// Who looks for zero pages: the values of `zero-page-detection`.
public enum ZeroPageDetection: String, CaseIterable, Codable, Sendable {
    /// Nobody: every page goes as a normal page.
    case none
    /// The coordinator, before it hands a batch out.
    case legacy
    /// Each channel, while it copies a batch.
    case multifd
}
