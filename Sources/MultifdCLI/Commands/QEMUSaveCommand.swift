import ArgumentParser
import Multifd
import MultifdQEMU

extension MultifdCommand.QEMU {
    /// One command saves a running guest.
    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Saves a running guest of QEMU into a directory, live.",
            discussion: """
                Start QEMU with a QMP socket: -qmp unix:/run/vm.qmp,server=on,wait=off. The guest runs while it is saved, \
                except for the downtime at the end. One that is to run on does so as soon as all of it has come, while \
                its memory is written to the disk. \
                Capabilities and parameters of QEMU that are changed for this are changed back. If anything fails, the \
                guest runs on and there is no directory; a failure after the guest was saved is told as such. Only \
                SIGKILL leaves QEMU with the changed settings, multifd-*.sock in the directory for temporary files, and \
                what has come in DIRECTORY.partial-*: remove both.

                A guest that is paused when it has been saved must run ('cont') before it is saved again: QEMU counts it \
                as migrated away ('postmigrate'). QEMU 7.2 does the same with one that was paused before and whose \
                save failed at the end.

                Examples:

                  multifd qemu save --qmp unix:/run/vm.qmp vm.snapshot
                  multifd qemu save --qmp unix:/run/vm.qmp vm.snapshot --quit \\
                    --multifd-channels 4 --multifd-compression zstd
                """)

        @Argument(help: ArgumentHelp("The directory to make.", valueName: "directory"))
        var directory: String

        @Option(
            help: ArgumentHelp("QEMU's QMP socket.", valueName: "uri"), transform: MigrationURI.init(parsing:))
        var qmp: MigrationURI

        @Flag(help: "What becomes of the guest. (default: --resume)")
        var afterwards: Afterwards?

        @Option(
            help: ArgumentHelp(
                "Where to listen for QEMU, if it cannot reach a socket in the directory for temporary files.",
                valueName: "uri"),
            transform: MigrationURI.init(parsing:))
        var listen: MigrationURI?

        @Flag(help: "Keep how the memory changed meanwhile, too: see 'multifd send replay:'.")
        var record = false

        @OptionGroup(title: "QEMU")
        var qemu: QEMUOptions

        @OptionGroup(title: "Migration parameters")
        var options: TransferOptions

        @OptionGroup(title: "Migration parameters")
        var live: LiveOptions

        @OptionGroup(title: "Throttle")
        var throttle: QEMUThrottleOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions

        enum Afterwards: String, EnumerableFlag {
            case resume
            case leavePaused
            case quit

            static func help(for value: Afterwards) -> ArgumentHelp? {
                switch value {
                case .resume: "It runs on, if it ran before. (default)"
                case .leavePaused: "It stays paused."
                case .quit: "QEMU is ended."
                }
            }
        }

        func validate() throws {
            guard !directory.isEmpty else {
                throw ValidationError("<directory> expects the path of a directory, not ''")
            }
            try ValidationError.wrapping {
                try qemu.checkUse(of: options)
                try parameters().validateForSavingQEMU(usesMultifd: !qemu.noMultifd)
            }
        }

        private func parameters() throws(ParameterError) -> MigrationParameters {
            try throttle.parameters(defaults: live.parameters(defaults: options.parameters()))
        }

        func run() async throws {
            _ = try await output.report {
                var saving = QEMUSaveOptions()
                saving.usesMultifd = !qemu.noMultifd
                saving.uri = listen
                saving.records = record
                switch afterwards ?? .resume {
                case .resume: saving.afterwards = .resume
                case .leavePaused: saving.afterwards = .leavePaused
                case .quit: saving.afterwards = .quit
                }
                return try QEMUSave(
                    qmp: qmp, to: directory, parameters: parameters(), options: saving, logger: output.logger("qemu"))
            }
        }
    }
}
