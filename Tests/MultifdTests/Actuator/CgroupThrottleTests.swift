import Foundation
import Multifd
import SystemPackage
import TestProcesses
import Testing

@Suite(.serialized, .enabled("cgroups with the cpu controller can be made here") { TemporaryCgroup.parent != nil })
struct CgroupThrottleTests {
    @Test(arguments: [60, 80]) func `a cgroup gets the share that is left to it, and all of it back`(percentage: Int)
        throws
    {
        let cgroup = try TemporaryCgroup()
        let process = try BusyProcess()
        defer { process.end() }
        try cgroup.add(process)
        let original = cgroup.bandwidth
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 1)
        try throttle.setThrottle(ThrottlePercentage(clamping: percentage))
        let (used, wanted) = process.shares(within: 3, in: cgroup)
        let asked = Double(100 - percentage) / 100
        #expect(used <= asked + 0.05)
        #expect(wanted >= asked - 0.05)
        try throttle.release()
        #expect(cgroup.bandwidth == original)
    }

    @Test func `a limit that was there before is lowered in proportion, and comes back`() throws {
        let cgroup = try TemporaryCgroup()
        cgroup.bandwidth = "50000 100000"
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 8)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        #expect(cgroup.bandwidth == "25000 100000")
        try throttle.setThrottle(.off)
        #expect(cgroup.bandwidth == "50000 100000")
        try throttle.release()
        #expect(cgroup.bandwidth == "50000 100000")
    }

    /// Version 1 refused the throttle's quota then, and version 2 took one that slowed nothing.
    @Test(.enabled("cgroups are of version 1 here") { TemporaryCgroup.isVersion1 })
    func `a limit of a cgroup further out is lowered in proportion, too`() throws {
        let outermost = try TemporaryCgroup()
        outermost.bandwidth = "50000 200000"
        let middle = try TemporaryCgroup(in: outermost)
        let cgroup = try TemporaryCgroup(in: middle)
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 8)
        try throttle.setThrottle(ThrottlePercentage(clamping: 20))
        #expect(cgroup.bandwidth == "20000 100000")
        #expect(outermost.bandwidth == "50000 200000")
        let original = middle.bandwidth
        try throttle.release()
        #expect(cgroup.bandwidth == original)
    }

    @Test func `a period that is too short for a throttle is lengthened for the time`() throws {
        let cgroup = try TemporaryCgroup()
        cgroup.bandwidth = "1500 2000"
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 1)
        for (percentage, bandwidth) in [(96, "1000 33333"), (20, "1200 2000"), (99, "1000 133333")] {
            try throttle.setThrottle(ThrottlePercentage(clamping: percentage))
            #expect(cgroup.bandwidth == bandwidth)
        }
        try throttle.release()
        #expect(cgroup.bandwidth == "1500 2000")
    }

    @Test(.enabled("cgroups are of version 1 here") { TemporaryCgroup.isVersion1 })
    func `what cannot be given back is told, and may be given back later`() throws {
        let parent = try TemporaryCgroup()
        let cgroup = try TemporaryCgroup(in: parent)
        cgroup.bandwidth = "150000 100000"
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 2)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        parent.bandwidth = "80000 100000"
        #expect(
            throws: ActuatorError.unrestored(
                path: "\(cgroup.path)/cpu.cfs_quota_us", text: "150000", .invalidArgument)
        ) { try throttle.release() }
        #expect(cgroup.bandwidth == "75000 100000")
        parent.bandwidth = "max 100000"
        try throttle.release()
        #expect(cgroup.bandwidth == "150000 100000")
    }

    /// Its files are there, and hold that there is no limit; but the kernel does not take even that.
    @Test(.enabled("cgroups are of version 1 here") { TemporaryCgroup.isVersion1 })
    func `the root cgroup is refused, and has nothing to give back`() throws {
        let root = try #require(TemporaryCgroup.parent)
        let throttle = try CgroupThrottle(path: root, cpuCount: 1)
        let error = #expect(throws: ActuatorError.self) { try throttle.setThrottle(ThrottlePercentage(clamping: 50)) }
        #expect(try #require(error).description.contains("the root cgroup cannot be throttled"))
        try throttle.release()
    }

    @Test func `a cgroup that has gone has nothing to give back`() throws {
        var cgroup: TemporaryCgroup? = try TemporaryCgroup()
        let throttle = try CgroupThrottle(path: try #require(cgroup?.path), cpuCount: 1)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        #expect(!throttle.isGone)
        cgroup = nil
        #expect(throttle.isGone)
        try throttle.release()
    }

    @Test func `a directory that is no cgroup is refused in a sentence`() {
        let error = #expect(throws: ActuatorError.self) { try CgroupThrottle(path: "/tmp", cpuCount: 1) }
        #expect(error == .noCPUController(path: "/tmp"))
        #expect(throws: ActuatorError.cpuCount(0)) { try CgroupThrottle(path: "/tmp", cpuCount: 0) }
    }
}

/// Version 2's files, in a directory that stands in for a cgroup: also where the cpu controller belongs to version 1, as on
/// machines that have both, or none may be made. What the kernel makes of the numbers, `CgroupThrottleTests` measure.
@Suite struct CgroupVersion2Tests {
    private final class StandIn {
        let path: String

        init(_ bandwidth: String, in outer: StandIn? = nil) throws {
            path = "\(outer?.path ?? FileManager.default.temporaryDirectory.path)/multifd-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try Data("\(bandwidth)\n".utf8).write(to: URL(fileURLWithPath: "\(path)/cpu.max"))
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// A file keeps what lies behind a shorter text; the kernel's does not.
        func holds(_ bandwidth: String) -> Bool {
            (try? String(contentsOfFile: "\(path)/cpu.max", encoding: .utf8))?.hasPrefix(bandwidth) == true
        }
    }

    @Test func `without a limit the throttle's share is of the vCPUs, and the limit goes again`() throws {
        let cgroup = try StandIn("max 100000")
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try throttle.setThrottle(ThrottlePercentage(clamping: 60))
        #expect(cgroup.holds("160000 100000"))
        try throttle.setThrottle(ThrottlePercentage(clamping: 99))
        #expect(cgroup.holds("4000 100000"))
        try throttle.release()
        #expect(cgroup.holds("max 100000"))
    }

    @Test func `a limit that was there before is lowered in proportion, and comes back when the throttle goes`() throws
    {
        let cgroup = try StandIn("50000 100000")
        var throttle: CgroupThrottle? = try CgroupThrottle(path: cgroup.path, cpuCount: 8)
        try throttle?.setThrottle(ThrottlePercentage(clamping: 50))
        #expect(cgroup.holds("25000 100000\n"))
        throttle = nil
        #expect(cgroup.holds("50000 100000\n"))
    }

    @Test(arguments: [
        ("100000 200000", "20000 100000"), ("max 100000", "36000 100000"), ("1000 1000000", "1000 1000000"),
    ])
    func `a limit of the cgroup that it is in holds for it, too`(outer: String, throttled: String) throws {
        let outer = try StandIn(outer)
        let cgroup = try StandIn("90000 100000", in: outer)
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try throttle.setThrottle(ThrottlePercentage(clamping: 60))
        #expect(cgroup.holds(throttled))
        try throttle.release()
        #expect(cgroup.holds("90000 100000"))
    }

    /// The kernel takes neither a quota of less than 1 ms nor a period of more than 1 s.
    @Test(arguments: [("max 2000", "1000 20000"), ("9000 100000", "1000 222222"), ("1000 100000", "1000 1000000")])
    func `a period that is too short for a throttle is lengthened for the time`(original: String, throttled: String)
        throws
    {
        let cgroup = try StandIn(original)
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 1)
        try throttle.setThrottle(ThrottlePercentage(clamping: 95))
        #expect(cgroup.holds(throttled))
        try throttle.release()
        #expect(cgroup.holds(original))
    }

    @Test func `a cgroup that has a throttle is refused another until that is released`() throws {
        let cgroup = try StandIn("90000 100000")
        let first = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try first.setThrottle(ThrottlePercentage(clamping: 60))
        #expect(throws: ActuatorError.throttled(path: cgroup.path)) {
            try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        }
        #expect(cgroup.holds("36000 100000"))
        try first.release()
        let second = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try second.setThrottle(ThrottlePercentage(clamping: 80))
        try second.release()
        #expect(cgroup.holds("90000 100000"))
    }

    @Test func `a cgroup that is removed has gone, also when there is another at its path`() throws {
        let cgroup = try StandIn("max 100000")
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 1)
        #expect(!throttle.isGone)
        try FileManager.default.removeItem(atPath: "\(cgroup.path)/cpu.max")
        #expect(throttle.isGone)
        try Data("max 100000\n".utf8).write(to: URL(fileURLWithPath: "\(cgroup.path)/cpu.max"))
        #expect(throttle.isGone)
    }

    @Test func `a program whose guardian was killed survives the end of a throttle`() async {
        await #expect(processExitsWith: .success) {
            _ = signal(SIGPIPE, SIG_DFL)
            let cgroup = try StandIn("max 100000")
            let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 1)
            let guardians = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").flatMap { thread in
                try String(contentsOfFile: "/proc/self/task/\(thread)/children", encoding: .utf8)
                    .split(separator: " ").compactMap { Int32($0) }
            }
            #expect(guardians.count == 1)
            for guardian in guardians {
                kill(guardian, SIGKILL)
                // Its descriptors are closed by then.
                while try !String(contentsOfFile: "/proc/\(guardian)/stat", encoding: .utf8).contains(") Z") {
                    usleep(1000)
                }
            }
            try throttle.release()
        }
    }

    @Test func `a throttle that comes after the release is not set`() throws {
        let cgroup = try StandIn("max 100000")
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try throttle.release()
        try throttle.setThrottle(ThrottlePercentage(clamping: 60))
        #expect(cgroup.holds("max 100000"))
    }

    @Test func `what a throttle has not changed it does not give back`() throws {
        let cgroup = try StandIn("max 100000")
        let throttle = try CgroupThrottle(path: cgroup.path, cpuCount: 4)
        try throttle.setThrottle(.off)
        try Data("70000 100000\n".utf8).write(to: URL(fileURLWithPath: "\(cgroup.path)/cpu.max"), options: [])
        try throttle.release()
        #expect(cgroup.holds("70000 100000"))
    }

    @Test(arguments: ["", "max", "max 0", "much 100000", "1 2 3"])
    func `a file with anything but a bandwidth is refused`(text: String) throws {
        let cgroup = try StandIn(text)
        #expect(throws: ActuatorError.content(path: "\(cgroup.path)/cpu.max", found: text)) {
            try CgroupThrottle(path: cgroup.path, cpuCount: 1)
        }
    }
}
