extension Duration {
    /// Whole nanoseconds; exact up to 292 years.
    package var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    /// Seconds as a floating-point number.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    /// Milliseconds as a floating-point number.
    package var milliseconds: Double { seconds * 1000 }
}
