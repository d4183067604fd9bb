import ArgumentParser

extension MultifdCommand {
    /// What can be done with a throttle alone.
    struct Throttle: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Slows another process down, or asks what a policy would have decided.",
            subcommands: [ThrottleReplay.self, ThrottleRun.self])
    }
}
