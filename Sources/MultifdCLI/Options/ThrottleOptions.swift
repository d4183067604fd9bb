import ArgumentParser
import Multifd

/// Whether and how a migration slows its guest down.
struct ThrottleOptions: ParsableArguments {
    @Flag(help: "Slow the guest down when it dirties pages faster than they are sent.")
    var autoConverge = false

    @OptionGroup
    var dirtyLimit: DirtyLimitOptions

    @OptionGroup
    var policy: PolicyOptions

    @Option(help: ArgumentHelp("Write what was decided on here, for `multifd throttle replay`.", valueName: "file"))
    var record: String?

    func validate() throws {
        try ValidationError.wrapping { try parameters(defaults: MigrationParameters()).validate() }
    }

    /// `defaults` with what was asked for.
    func parameters(defaults: MigrationParameters) throws(ParameterError) -> MigrationParameters {
        var parameters = defaults
        if autoConverge { parameters.autoConverge = true }
        if let quota = try dirtyLimit.quota() {
            parameters.vcpuDirtyLimit = quota.mebibytesPerSecond
            parameters.vcpuDirtyLimitPeriod = quota.period
        }
        parameters.throttle = try policy.parameters(defaults: defaults.throttle)
        let needless = policy.nameOfOneNeedless(withDirtyLimit: parameters.vcpuDirtyLimit != nil)
        if let needless, !parameters.autoConverge { throw .needless(name: needless, without: "auto-converge") }
        guard record == nil || parameters.autoConverge else {
            throw .needless(name: "record", without: "auto-converge")
        }
        return parameters
    }

    /// Throws when the recording could not be written.
    func checkRecord() throws(ReportFileError) {
        if let record { try ReportFile(record).check() }
    }

    /// Writes the recording of a migration that has ended, if one was asked for. One without samples is none, and does not
    /// take the place of one from before. A failure is told, and no more: there is nothing to take back.
    func saveRecording(of migration: MigrationSource?) {
        guard let migration, let record else { return }
        let recording = migration.recording
        guard !recording.samples.isEmpty else {
            return StandardError.writeLine(
                "multifd: nothing is recorded in '\(record)': the migration ended before its first sample")
        }
        do {
            try JSONDocument(recording).write(to: record)
        } catch {
            StandardError.writeLine("multifd: the recording is lost: \(error)")
        }
    }
}
