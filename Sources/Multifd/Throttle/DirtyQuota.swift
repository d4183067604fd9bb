/// What `vcpu-dirty-limit` allows each vCPU, and how often it looks.
package struct DirtyQuota: Hashable, Sendable {
    /// QEMU's MB/s, which are MiB/s.
    package let mebibytesPerSecond: Int
    /// Between two decisions.
    package let period: Duration

    /// - Parameters:
    ///   - mebibytesPerSecond: `vcpu-dirty-limit`, 1...1,048,576.
    ///   - period: `x-vcpu-dirty-limit-period`, 1...1000 ms.
    package init(mebibytesPerSecond: Int, period: Duration = .milliseconds(1000)) throws(ParameterError) {
        guard (1...1_048_576).contains(mebibytesPerSecond) else {
            throw .outOfRange(name: "vcpu-dirty-limit", valid: 1...1_048_576, found: mebibytesPerSecond)
        }
        guard (1...1000).contains(period.wholeMilliseconds) else {
            throw .outOfRange(name: "x-vcpu-dirty-limit-period", valid: 1...1000, found: period.wholeMilliseconds)
        }
        self.mebibytesPerSecond = mebibytesPerSecond
        self.period = period
    }

    /// Bytes a second that each vCPU may dirty.
    package var bytesPerSecond: Int { mebibytesPerSecond << 20 }
}

extension DirtyQuota: Codable {
    private enum CodingKeys: String, CodingKey {
        case mebibytesPerSecond = "vcpu-dirty-limit"
        case period = "x-vcpu-dirty-limit-period"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            mebibytesPerSecond: container.decode(Int.self, forKey: .mebibytesPerSecond),
            period: container.decode(WholeMilliseconds.self, forKey: .period).wrappedValue)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mebibytesPerSecond, forKey: .mebibytesPerSecond)
        try container.encode(WholeMilliseconds(wrappedValue: period), forKey: .period)
    }
}
