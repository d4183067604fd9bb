import Multifd
import Testing

@Suite struct MigrationParametersTests {
    typealias Change = @Sendable (inout MigrationParameters) -> Void

    @Test func `the defaults are valid`() throws {
        try MigrationParameters().validate()
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: Change

        init(_ sentence: String, _ change: @escaping Change) {
            testDescription = sentence
            self.change = change
        }
    }

    static let ends: [Change] = [
        { $0.multifdChannels = 1 },
        { $0.multifdChannels = 255 },
        { $0.multifdZlibLevel = 0 },
        { $0.multifdZlibLevel = 9 },
        { $0.multifdZstdLevel = -7 },
        { $0.multifdZstdLevel = 20 },
        { $0.downtimeLimit = .zero },
        { $0.downtimeLimit = .seconds(2000) },
        { $0.timeout = .seconds(1_000_000_000) },
        { $0.xbzrleCacheSize = 4096 },
    ]

    @Test(arguments: ends.indices) func `the ends of a range belong to it`(index: Int) throws {
        var parameters = MigrationParameters()
        Self.ends[index](&parameters)
        try parameters.validate()
    }

    /// One that a report cannot hold makes the report unreadable.
    @Test(arguments: [-1, 1_000_000_001, Int64.max]) func `a timeout has two ends`(seconds: Int64) {
        var parameters = MigrationParameters()
        parameters.timeout = .seconds(seconds)
        #expect(
            throws: ParameterError.outOfRange(name: "timeout", valid: 0...1_000_000_000, found: Int(seconds))
        ) { try parameters.validate() }
    }

    static let fixed: [String: Change] = [
        "multifd-channels": { $0.multifdChannels = 8 },
        "multifd-compression": { $0.multifdCompression = .zstd },
        "multifd-zlib-level": { $0.multifdZlibLevel = 2 },
        "multifd-zstd-level": { $0.multifdZstdLevel = 2 },
        "xbzrle": { $0.xbzrle = true },
        "auto-converge": { $0.autoConverge = true },
        "vcpu-dirty-limit": { $0.vcpuDirtyLimit = 10 },
        "x-vcpu-dirty-limit-period": { $0.vcpuDirtyLimitPeriod = .milliseconds(500) },
        "throttle-policy": { $0.throttle.policy = .geometric },
        "cpu-periodic-throttle": { $0.throttle.isPeriodic = false },
        "verify-memory": { $0.verifyMemory = true },
    ]

    @Test(arguments: fixed.keys.sorted()) func `what is fixed at set-up cannot be changed later`(name: String) throws {
        var wanted = MigrationParameters()
        let change = try #require(Self.fixed[name])
        change(&wanted)
        #expect(throws: ParameterError.fixed(name: name)) { try MigrationParameters().changes(to: wanted) }
    }

    @Test func `everything else can be changed while a migration runs`() throws {
        var wanted = MigrationParameters()
        wanted.zeroPageDetection = .legacy
        wanted.maxBandwidth = 1
        wanted.availSwitchoverBandwidth = 2
        wanted.downtimeLimit = .milliseconds(3)
        wanted.timeout = .seconds(4)
        wanted.xbzrleCacheSize = 8192
        wanted.throttle.triggerThreshold = 6
        wanted.throttle.initial = 7
        wanted.throttle.increment = 8
        wanted.throttle.maximum = 90
        let present = MigrationParameters()
        #expect(try present.applying(present.changes(to: wanted)) == wanted)
    }

    @Test func `a change is checked against what stays as it is`() {
        var parameters = MigrationParameters()
        parameters.throttle.policy = .dynamic
        var changes = ParameterChanges()
        changes.maxCPUThrottle = 10
        #expect(throws: ParameterError.outOfRange(name: "max-cpu-throttle", valid: 20...99, found: 10)) {
            try parameters.applying(changes)
        }
    }
}
