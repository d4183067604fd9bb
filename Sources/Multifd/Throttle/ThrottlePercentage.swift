/// The share of vCPU time taken away, in %: 0 (off) to 99.
public struct ThrottlePercentage: RawRepresentable, Hashable, Comparable, Sendable {
    /// 0...99.
    public let rawValue: Int

    /// Nil outside 0...99.
    public init?(rawValue: Int) {
        guard (0...99).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// The nearest valid percentage.
    public init(clamping value: Int) {
        rawValue = min(max(value, 0), 99)
    }

    /// No throttling.
    public static let off = ThrottlePercentage(clamping: 0)

    /// Orders by the share taken away.
    public static func < (left: ThrottlePercentage, right: ThrottlePercentage) -> Bool {
        left.rawValue < right.rawValue
    }
}
