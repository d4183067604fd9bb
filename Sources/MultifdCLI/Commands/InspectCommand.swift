import ArgumentParser
import MultifdQEMU

extension MultifdCommand {
    /// What is in a snapshot.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a snapshot holds, and whether it is intact.",
            discussion: """
                Reads all of it and compares the hashes with those in its manifest.json; exits with 1 when one differs. \
                With --json the manifest is printed.

                Examples:

                  multifd inspect vm.snapshot
                  multifd inspect vm.snapshot --quick --json
                """)

        @Argument(help: ArgumentHelp("The snapshot's directory.", valueName: "directory"))
        var directory: String

        @Flag(help: "Do not read the memory: the hashes are shown and not compared.")
        var quick = false

        @Flag(help: "Print the manifest on standard output.")
        var json = false

        func run() throws {
            let snapshot = try Snapshot(path: directory)
            if !quick { try snapshot.verify() }
            if json {
                try JSONDocument(snapshot.manifest).print()
            } else {
                try StandardOutput.writeLine(SnapshotReport(snapshot.manifest, isVerified: !quick).text)
            }
        }
    }
}
