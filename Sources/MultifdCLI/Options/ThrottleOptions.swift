import ArgumentParser
import Foundation
import Multifd

/// Whether and how a migration slows its guest down.
struct ThrottleOptions: ParsableArguments {
    @Flag(help: "Slow the guest down when it dirties pages faster than they are sent.")
    var autoConverge = false

    @Option(
        help: ArgumentHelp(
            "Instead: hold each vCPU that dirties more than this to it, and leave the others alone.",
            valueName: "MiB/s"))
    var vcpuDirtyLimit: Int?

    @Option(help: ArgumentHelp("How often the dirty limit looks, 1...1000 ms. (default: 1000)", valueName: "ms"))
    var xVcpuDirtyLimitPeriod: Int?

    @OptionGroup
    var policy: PolicyOptions

    @Option(help: ArgumentHelp("Write what was decided on here, for `multifd throttle replay`.", valueName: "file"))
    var record: String?

    func validate() throws {
        do {
            try parameters(defaults: MigrationParameters()).validate()
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// `defaults` with what was asked for.
    func parameters(defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        var parameters = defaults
        if autoConverge { parameters.autoConverge = true }
        if let vcpuDirtyLimit { parameters.vcpuDirtyLimit = vcpuDirtyLimit }
        if let xVcpuDirtyLimitPeriod {
            guard parameters.vcpuDirtyLimit != nil else {
                throw .needless(name: "x-vcpu-dirty-limit-period", without: "vcpu-dirty-limit")
            }
            parameters.vcpuDirtyLimitPeriod = .milliseconds(xVcpuDirtyLimitPeriod)
        }
        parameters.throttle = try policy.parameters(defaults: defaults.throttle)
        if let name = policy.nameOfOneGiven, !parameters.autoConverge {
            // The dirty limit waits for the same trigger.
            let servesDirtyLimit = name == "throttle-trigger-threshold" && parameters.vcpuDirtyLimit != nil
            guard servesDirtyLimit else { throw .needless(name: name, without: "auto-converge") }
        }
        guard record == nil || parameters.autoConverge else {
            throw .needless(name: "record", without: "auto-converge")
        }
        return parameters
    }

    /// Writes the recording, if one was asked for.
    func save(_ recording: ThrottleRecording) throws {
        guard let record else { return }
        try Data(JSONDocument(recording).text.utf8).write(to: URL(fileURLWithPath: record))
    }
}
