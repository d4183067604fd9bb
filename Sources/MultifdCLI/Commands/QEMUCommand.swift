import ArgumentParser

extension MultifdCommand {
    /// What is done with a QEMU that is told over QMP what to do.
    struct QEMU: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "qemu",
            abstract: "Saves and restores live guests of QEMU.",
            subcommands: [Save.self, Restore.self])
    }
}
