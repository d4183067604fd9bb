import ArgumentParser
import MultifdQEMU

extension MultifdCommand {
    /// What is in a snapshot.
    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a snapshot holds, and whether it is intact.",
            discussion: """
                Reads all of it and compares the hashes with those in its manifest.json; exits with 1 when one differs. \
                With --json the manifest is printed, with 'status', and 'verified': whether hashes have been compared. \
                'error-desc' says why a snapshot cannot be used, or what is damaged.

                Examples:

                  multifd inspect vm.snapshot
                  multifd inspect vm.snapshot --quick --json
                """)

        @Argument(help: ArgumentHelp("The snapshot's directory.", valueName: "directory"))
        var directory: String

        @Flag(help: "Do not read the memory: the hashes are shown and not compared.")
        var quick = false

        @Flag(help: "Print one JSON document on standard output, also on failure.")
        var json = false

        func run() throws {
            let result = Result { try inspect() }
            if json { try JSONDocument(SnapshotDocument(result, isVerified: !quick)).print() }
            let manifest = try result.get()
            if !json { try StandardOutput.writeLine(SnapshotReport(manifest, isVerified: !quick).text) }
        }

        private func inspect() throws -> SnapshotManifest {
            let snapshot = try Snapshot(path: directory)
            if !quick { try verify(snapshot) }
            return snapshot.manifest
        }

        /// Reading much takes long.
        private func verify(_ snapshot: Snapshot) throws {
            let terminal = Terminal.error
            guard terminal.isInteractive else { return try snapshot.verify() }
            defer { terminal.replaceLine(with: "") }
            try snapshot.verify { share in
                terminal.replaceLine(with: ProgressLine.render(comparison: share, width: terminal.width - 1))
            }
        }
    }
}
