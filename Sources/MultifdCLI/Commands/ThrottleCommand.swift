import ArgumentParser

extension MultifdCommand {
    /// The throttle without a migration.
    struct Throttle: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Slows another process down, or asks what a policy would have decided.",
            subcommands: [ThrottleReplay.self, ThrottleRun.self])
    }
}
