import Multifd
import Testing

@Suite struct DirtyLimitTests {
    private let megabyte = 1 << 20

    @Test func `only the vCPUs over the quota are slowed, in proportion`() throws {
        var limit = DirtyLimit(try DirtyQuota(mebibytesPerSecond: 10), vcpuCount: 4)
        let changes = limit.update(rates: [0, 10 * megabyte, 20 * megabyte, 1000 * megabyte])
        #expect(changes.map(\.vcpu) == [2, 3])
        #expect(limit.throttles.map(\.rawValue) == [0, 0, 50, 99])
    }

    /// Shares that binary fractions have not exactly: 1 − 0.7 is a little more than 0.3.
    @Test(arguments: [(100, 30), (200, 65), (280, 75), (1000, 93), (71, 2)])
    func `the throttle is the least that keeps the quota`(rate: Int, throttle: Int) throws {
        var limit = DirtyLimit(try DirtyQuota(mebibytesPerSecond: 70), vcpuCount: 1)
        _ = limit.update(rates: [rate * megabyte])
        #expect(limit.throttles.map(\.rawValue) == [throttle])
    }

    @Test func `it settles when a vCPU keeps the quota, and lets go of one that calms down`() throws {
        var limit = DirtyLimit(try DirtyQuota(mebibytesPerSecond: 10), vcpuCount: 1)
        _ = limit.update(rates: [40 * megabyte])
        #expect(limit.throttles[0].rawValue == 75)
        #expect(limit.update(rates: [10 * megabyte]).isEmpty)
        #expect(limit.update(rates: [Int(9.5 * Double(megabyte))]).isEmpty)
        _ = limit.update(rates: [5 * megabyte])
        #expect(limit.throttles[0].rawValue == 50)
        _ = limit.update(rates: [0])
        #expect(limit.throttles[0] == .off)
    }

    @Test func `a quota or period out of range is refused`() {
        #expect(throws: ParameterError.outOfRange(name: "vcpu-dirty-limit", valid: 1...1_048_576, found: 0)) {
            try DirtyQuota(mebibytesPerSecond: 0)
        }
        #expect(throws: ParameterError.outOfRange(name: "x-vcpu-dirty-limit-period", valid: 1...1000, found: 1001)) {
            try DirtyQuota(mebibytesPerSecond: 1, period: .milliseconds(1001))
        }
        // More milliseconds than an Int counts.
        #expect(
            throws: ParameterError.outOfRange(name: "x-vcpu-dirty-limit-period", valid: 1...1000, found: Int.max)
        ) {
            try DirtyQuota(mebibytesPerSecond: 1, period: .seconds(Int64.max))
        }
    }
}
