/// What to change of a running migration's parameters. Nil leaves a parameter as it is.
public struct ParameterChanges: Hashable, Sendable {
    /// See ``MigrationParameters/zeroPageDetection``.
    public var zeroPageDetection: ZeroPageDetection?
    /// See ``MigrationParameters/maxBandwidth``.
    public var maxBandwidth: Int?
    /// See ``MigrationParameters/availSwitchoverBandwidth``.
    public var availSwitchoverBandwidth: Int?
    /// See ``MigrationParameters/downtimeLimit``.
    public var downtimeLimit: Duration?
    /// See ``MigrationParameters/timeout``; counted from the beginning of the migration.
    public var timeout: Duration?
    /// See ``MigrationParameters/xbzrleCacheSize``.
    public var xbzrleCacheSize: Int?
    /// See ``MigrationParameters/throttleTriggerThreshold``.
    public var throttleTriggerThreshold: Int?
    /// See ``MigrationParameters/cpuThrottleInitial``.
    public var cpuThrottleInitial: Int?
    /// See ``MigrationParameters/cpuThrottleIncrement``.
    public var cpuThrottleIncrement: Int?
    /// See ``MigrationParameters/maxCPUThrottle``.
    public var maxCPUThrottle: Int?
    /// See ``MigrationParameters/cpuThrottleTailslow``.
    public var cpuThrottleTailslow: Bool?

    /// No change.
    public init() {}

    /// Sets everything that may change to what it is in `parameters`.
    package init(settingAllFrom parameters: MigrationParameters) {
        zeroPageDetection = parameters.zeroPageDetection
        maxBandwidth = parameters.maxBandwidth
        availSwitchoverBandwidth = parameters.availSwitchoverBandwidth
        downtimeLimit = parameters.downtimeLimit
        timeout = parameters.timeout
        xbzrleCacheSize = parameters.xbzrleCacheSize
        throttleTriggerThreshold = parameters.throttleTriggerThreshold
        cpuThrottleInitial = parameters.cpuThrottleInitial
        cpuThrottleIncrement = parameters.cpuThrottleIncrement
        maxCPUThrottle = parameters.maxCPUThrottle
        cpuThrottleTailslow = parameters.cpuThrottleTailslow
    }
}
