extension Duration {
    /// Whole nanoseconds. What is longer than a century is taken for a century: somebody means for ever.
    package var nanoseconds: Int64 {
        let seconds = max(-Self.century, min(components.seconds, Self.century))
        return seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
    private static let century: Int64 = 3_155_760_000
    /// Seconds as a floating-point number.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    /// Milliseconds as a floating-point number.
    package var milliseconds: Double { seconds * 1000 }
    /// Whole milliseconds, rounded towards zero.
    package var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
    /// Milliseconds, rounded up. In integers: a floating-point quotient may lie just above a whole one.
    package var millisecondsRoundedUp: Int64 {
        let (milliseconds, rest) = components.attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        return components.seconds * 1000 + milliseconds + (rest > 0 ? 1 : 0)
    }
}
