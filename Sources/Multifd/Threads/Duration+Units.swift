extension Duration {
    /// Whole nanoseconds; exact up to 292 years.
    package var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    /// Seconds as a floating-point number.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    /// Milliseconds as a floating-point number.
    package var milliseconds: Double { seconds * 1000 }
    /// Milliseconds, a begun one counted as one. In integers: a floating-point quotient may lie just above a whole one.
    package var millisecondsRoundedUp: Int64 {
        let (milliseconds, rest) = components.attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        return components.seconds * 1000 + milliseconds + (rest > 0 ? 1 : 0)
    }
}
