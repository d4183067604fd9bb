extension MigrationParameters {
    /// Checks every value against its range.
    ///
    /// - Throws: ``ParameterError`` for the first that is outside it.
    public func validate() throws(ParameterError) {
        try Self.check(multifdChannels, in: 1...255, for: .multifdChannels)
        try Self.check(multifdZlibLevel, in: 0...9, for: .multifdZlibLevel)
        try Self.check(multifdZstdLevel, in: -7...20, for: .multifdZstdLevel)
        try Self.check(maxBandwidth, atLeast: 0, for: .maxBandwidth)
        try Self.check(availSwitchoverBandwidth, atLeast: 0, for: .availSwitchoverBandwidth)
        try Self.check(Self.count(of: .milliseconds(1), in: downtimeLimit), in: 0...2_000_000, for: .downtimeLimit)
        // Thirty years: a report must be able to hold it.
        try Self.check(Self.count(of: .seconds(1), in: timeout), in: 0...1_000_000_000, for: .timeout)
        guard xbzrleCacheSize >= Page.byteCount, xbzrleCacheSize.nonzeroBitCount == 1 else {
            throw .notPowerOfTwo(
                name: CodingKeys.xbzrleCacheSize.rawValue, minimum: Page.byteCount, found: xbzrleCacheSize)
        }
        try throttle.validate()
        if let vcpuDirtyLimit {
            guard !autoConverge else { throw .dirtyLimitWithAutoConverge }
            _ = try DirtyQuota(mebibytesPerSecond: vcpuDirtyLimit, period: vcpuDirtyLimitPeriod)
        }
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, for key: CodingKeys) throws(ParameterError) {
        guard range.contains(value) else {
            throw .outOfRange(name: key.rawValue, valid: range, found: value)
        }
    }

    private static func check(_ value: Int, atLeast minimum: Int, for key: CodingKeys) throws(ParameterError) {
        guard value >= minimum else {
            throw .belowMinimum(name: key.rawValue, minimum: minimum, found: value)
        }
    }

    /// Rounded away from zero, so that a duration just outside a range does not slip in; clamped, because the longest
    /// durations exceed an Int64. Exact: the quotient of two durations is a `Double`, and was one too many at a billion.
    private static func count(of unit: Duration, in duration: Duration) -> Int {
        let (whole, rest) = duration.attoseconds.quotientAndRemainder(dividingBy: unit.attoseconds)
        return Int(clamping: whole + rest.signum())
    }
}
