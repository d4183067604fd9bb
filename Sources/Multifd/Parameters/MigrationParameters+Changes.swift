extension MigrationParameters {
    /// These parameters with some of them changed, and checked.
    ///
    /// - Throws: ``ParameterError`` when the result is not valid.
    public func applying(_ changes: ParameterChanges) throws(ParameterError) -> MigrationParameters {
        var result = self
        result.zeroPageDetection = changes.zeroPageDetection ?? zeroPageDetection
        result.maxBandwidth = changes.maxBandwidth ?? maxBandwidth
        result.availSwitchoverBandwidth = changes.availSwitchoverBandwidth ?? availSwitchoverBandwidth
        result.downtimeLimit = changes.downtimeLimit ?? downtimeLimit
        result.timeout = changes.timeout ?? timeout
        result.xbzrleCacheSize = changes.xbzrleCacheSize ?? xbzrleCacheSize
        result.throttle.triggerThreshold = changes.throttleTriggerThreshold ?? throttle.triggerThreshold
        result.throttle.initial = changes.cpuThrottleInitial ?? throttle.initial
        result.throttle.increment = changes.cpuThrottleIncrement ?? throttle.increment
        result.throttle.maximum = changes.maxCPUThrottle ?? throttle.maximum
        try result.validate()
        return result
    }

    /// The way from these parameters to others while a migration runs.
    ///
    /// - Throws: ``ParameterError/fixed(name:)`` when they differ in what is fixed at set-up, or the error of the first
    ///   value that is not valid.
    public func changes(to wanted: MigrationParameters) throws(ParameterError) -> ParameterChanges {
        let differences: [(key: CodingKeys, differs: Bool)] = [
            (.multifdChannels, multifdChannels != wanted.multifdChannels),
            (.multifdCompression, multifdCompression != wanted.multifdCompression),
            (.multifdZlibLevel, multifdZlibLevel != wanted.multifdZlibLevel),
            (.multifdZstdLevel, multifdZstdLevel != wanted.multifdZstdLevel),
            (.verifyMemory, verifyMemory != wanted.verifyMemory),
            (.xbzrle, xbzrle != wanted.xbzrle),
            (.autoConverge, autoConverge != wanted.autoConverge),
            (.vcpuDirtyLimit, vcpuDirtyLimit != wanted.vcpuDirtyLimit),
            (.vcpuDirtyLimitPeriod, vcpuDirtyLimitPeriod != wanted.vcpuDirtyLimitPeriod),
        ]
        for (key, differs) in differences where differs { throw .fixed(name: key.rawValue) }
        if let name = throttle.nameOfFixedDifference(from: wanted.throttle) { throw .fixed(name: name) }
        try wanted.validate()
        return ParameterChanges(settingAllFrom: wanted)
    }
}
