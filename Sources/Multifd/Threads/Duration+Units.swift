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
    /// Whole milliseconds, rounded towards zero; the most that an Int holds of what is longer.
    var wholeMilliseconds: Int { Int(clamping: attoseconds / Self.attosecondsPerMillisecond) }
    /// The same, rounded up. In integers: a floating-point quotient may lie just above a whole one.
    package var millisecondsRoundedUp: Int64 {
        let (milliseconds, rest) = attoseconds.quotientAndRemainder(dividingBy: Self.attosecondsPerMillisecond)
        return Int64(clamping: milliseconds + (rest > 0 ? 1 : 0))
    }

    private static let attosecondsPerMillisecond: Int128 = 1_000_000_000_000_000
}
