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
    /// See ``ThrottleParameters/triggerThreshold``.
    public var throttleTriggerThreshold: Int?
    /// See ``ThrottleParameters/initial``.
    public var cpuThrottleInitial: Int?
    /// See ``ThrottleParameters/increment``.
    public var cpuThrottleIncrement: Int?
    /// See ``ThrottleParameters/maximum``.
    public var maxCPUThrottle: Int?

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
        throttleTriggerThreshold = parameters.throttle.triggerThreshold
        cpuThrottleInitial = parameters.throttle.initial
        cpuThrottleIncrement = parameters.throttle.increment
        maxCPUThrottle = parameters.throttle.maximum
    }
}
