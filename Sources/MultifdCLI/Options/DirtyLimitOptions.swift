import ArgumentParser
import Multifd

/// The throttle that slows only the vCPUs that write, for commands that migrate and simulate.
struct DirtyLimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Instead of --auto-converge: hold each vCPU that dirties more than this to it, and leave the others alone.",
            valueName: "MiB/s"))
    var vcpuDirtyLimit: Int?

    @Option(help: ArgumentHelp("How often the dirty limit looks, 1...1000 ms. (default: 1000)", valueName: "ms"))
    var xVcpuDirtyLimitPeriod: Int?

    func validate() throws {
        try ValidationError.wrapping { _ = try quota() }
    }

    /// Nil when none was asked for.
    func quota() throws(ParameterError) -> DirtyQuota? {
        guard let vcpuDirtyLimit else {
            guard xVcpuDirtyLimitPeriod == nil else {
                throw .needless(name: "x-vcpu-dirty-limit-period", without: "vcpu-dirty-limit")
            }
            return nil
        }
        return try DirtyQuota(
            mebibytesPerSecond: vcpuDirtyLimit, period: .milliseconds(xVcpuDirtyLimitPeriod ?? 1000))
    }
}
