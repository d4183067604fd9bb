import ArgumentParser
import Multifd

extension MultifdCommand {
    /// Both ends on one machine, and the proof.
    struct Demo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Migrates a running guest between two processes on this machine and proves that nothing was lost.",
            discussion: """
                Starts a destination process, runs a guest, migrates it live over TCP on loopback, and lets it run on at \
                the destination for a moment. Then it proves two things: memory at switchover was identical on both sides, \
                and memory afterwards equals that of a guest that ran as many steps without having been migrated. The \
                exit code is 0 only when both hold.

                Examples:

                  multifd demo
                  multifd demo --guest workload:counter,ram=256MiB --multifd-compression none
                """)

        @Option(
            help: ArgumentHelp(
                "The guest to migrate. (default: workload:mixed, 1 GiB, rewriting 50 MiB at 100 MB/s)",
                valueName: "workload"))
        var guest: String?

        @OptionGroup(title: "Migration parameters")
        var options: ParameterOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions
    }
}
