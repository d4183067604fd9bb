import Multifd
import SystemPackage
import Testing

@Suite struct ActuatorErrorTests {
    @Test func `a bandwidth that the kernel refuses is told with the reasons that it may have`() {
        func text(_ errno: Errno) -> String {
            ActuatorError.file(path: "/cpu/cpu.cfs_quota_us", operation: "write '20000' to", errno).description
        }
        #expect(text(.permissionDenied) == "cannot write '20000' to '/cpu/cpu.cfs_quota_us': Permission denied")
        #expect(
            text(.invalidArgument)
                == "cannot write '20000' to '/cpu/cpu.cfs_quota_us': Invalid argument (the root cgroup cannot be throttled, "
                + "nor one whose burst, in cpu.max.burst or cpu.cfs_burst_us, is more than that, nor, of version 1, one that "
                + "has a cgroup in it that may use more)")
    }
}
