extension MigrationParameters: Codable {
    package enum CodingKeys: String, CodingKey {
        case multifdChannels = "multifd-channels"
        case multifdCompression = "multifd-compression"
        case multifdZlibLevel = "multifd-zlib-level"
        case multifdZstdLevel = "multifd-zstd-level"
        case zeroPageDetection = "zero-page-detection"
        case maxBandwidth = "max-bandwidth"
        case availSwitchoverBandwidth = "avail-switchover-bandwidth"
        case downtimeLimit = "downtime-limit"
        case timeout
        case verifyMemory = "verify-memory"
        case xbzrle
        case xbzrleCacheSize = "xbzrle-cache-size"
        case autoConverge = "auto-converge"
        case vcpuDirtyLimit = "vcpu-dirty-limit"
        case vcpuDirtyLimitPeriod = "x-vcpu-dirty-limit-period"
    }

    /// Reads the parameters, those of the throttle from among the others.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: CodingKeys.self)
        multifdChannels = try container.decode(Int.self, forKey: .multifdChannels)
        multifdCompression = try container.decode(MultifdCompression.self, forKey: .multifdCompression)
        multifdZlibLevel = try container.decode(Int.self, forKey: .multifdZlibLevel)
        multifdZstdLevel = try container.decode(Int.self, forKey: .multifdZstdLevel)
        zeroPageDetection = try container.decode(ZeroPageDetection.self, forKey: .zeroPageDetection)
        maxBandwidth = try container.decode(Int.self, forKey: .maxBandwidth)
        availSwitchoverBandwidth = try container.decode(Int.self, forKey: .availSwitchoverBandwidth)
        downtimeLimit = try container.decode(WholeMilliseconds.self, forKey: .downtimeLimit).wrappedValue
        timeout = try container.decode(Seconds.self, forKey: .timeout).wrappedValue
        verifyMemory = try container.decode(Bool.self, forKey: .verifyMemory)
        xbzrle = try container.decode(Bool.self, forKey: .xbzrle)
        xbzrleCacheSize = try container.decode(Int.self, forKey: .xbzrleCacheSize)
        autoConverge = try container.decode(Bool.self, forKey: .autoConverge)
        throttle = try ThrottleParameters(from: decoder)
        vcpuDirtyLimit = try container.decodeIfPresent(Int.self, forKey: .vcpuDirtyLimit)
        vcpuDirtyLimitPeriod = try container.decode(WholeMilliseconds.self, forKey: .vcpuDirtyLimitPeriod).wrappedValue
    }

    /// Writes the parameters, those of the throttle among the others: their names are of one list.
    public func encode(to encoder: any Encoder) throws {
        try throttle.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(multifdChannels, forKey: .multifdChannels)
        try container.encode(multifdCompression, forKey: .multifdCompression)
        try container.encode(multifdZlibLevel, forKey: .multifdZlibLevel)
        try container.encode(multifdZstdLevel, forKey: .multifdZstdLevel)
        try container.encode(zeroPageDetection, forKey: .zeroPageDetection)
        try container.encode(maxBandwidth, forKey: .maxBandwidth)
        try container.encode(availSwitchoverBandwidth, forKey: .availSwitchoverBandwidth)
        try container.encode(WholeMilliseconds(wrappedValue: downtimeLimit), forKey: .downtimeLimit)
        try container.encode(Seconds(wrappedValue: timeout), forKey: .timeout)
        try container.encode(verifyMemory, forKey: .verifyMemory)
        try container.encode(xbzrle, forKey: .xbzrle)
        try container.encode(xbzrleCacheSize, forKey: .xbzrleCacheSize)
        try container.encode(autoConverge, forKey: .autoConverge)
        try container.encodeIfPresent(vcpuDirtyLimit, forKey: .vcpuDirtyLimit)
        try container.encode(WholeMilliseconds(wrappedValue: vcpuDirtyLimitPeriod), forKey: .vcpuDirtyLimitPeriod)
    }
}
