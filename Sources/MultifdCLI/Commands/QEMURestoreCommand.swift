import ArgumentParser
import Multifd
import MultifdQEMU

extension MultifdCommand.QEMU {
    /// One command restores a guest.
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a saved guest into a QEMU that was started with -incoming defer.",
            discussion: """
                QEMU must have the machine of the one that was saved, of the same or a later version: the same type (in \
                full, such as pc-q35-7.2), memory, devices and firmware. The guest runs on if it ran when it was saved, \
                unless QEMU was started with -S. Its memory is compared with the stored hashes first.

                Example:

                  multifd qemu restore vm.snapshot --qmp unix:/run/vm2.qmp --multifd-channels 4
                """)

        @Argument(help: ArgumentHelp("The snapshot's directory.", valueName: "directory"))
        var directory: String

        @Option(
            help: ArgumentHelp("QEMU's QMP socket.", valueName: "uri"), transform: MigrationURI.init(parsing:))
        var qmp: MigrationURI

        @Option(
            help: ArgumentHelp(
                "Where QEMU is to listen, if it cannot use a socket in the directory for temporary files.",
                valueName: "uri"),
            transform: MigrationURI.init(parsing:))
        var listen: MigrationURI?

        @OptionGroup(title: "QEMU")
        var qemu: QEMUOptions

        @OptionGroup(title: "Migration parameters")
        var options: TransferOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions

        func validate() throws {
            try ValidationError.wrapping {
                try qemu.checkUse(of: options)
                _ = try options.parameters()
            }
        }

        func run() async throws {
            _ = try await output.report {
                try QEMURestore(
                    snapshot: Snapshot(path: directory), qmp: qmp, parameters: options.parameters(),
                    usesMultifd: !qemu.noMultifd, uri: listen, logger: output.logger("qemu"))
            }
        }
    }
}
