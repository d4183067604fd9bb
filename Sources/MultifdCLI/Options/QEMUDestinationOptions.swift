import ArgumentParser
import FoundationEssentials
import Multifd
import MultifdQEMU

/// What is to be known of a QEMU that a snapshot is sent into.
struct QEMUDestinationOptions: ParsableArguments {
    @OptionGroup
    var common: QEMUOptions

    @Option(
        help: ArgumentHelp(
            "When QEMU's channels meet: round (machine types from 8.1), section. (default: to find out)",
            valueName: "mode"))
    var syncMode: Choice<QEMUSendOptions.SyncMode>?

    @Option(
        help: ArgumentHelp(
            "The -uuid that QEMU was started with. (default: as the snapshot says)", valueName: "uuid"),
        transform: Self.uuid)
    var uuid: UUID?

    func validate() throws {
        try ValidationError.wrapping { _ = try syncMode?.value(of: "sync-mode") }
    }

    /// Whether one of them was asked for.
    var isOneGiven: Bool { common.noMultifd || syncMode != nil || uuid != nil }

    private static func uuid(_ text: String) throws -> UUID {
        guard let uuid = UUID(uuidString: text) else {
            throw ValidationError(
                "'\(text)' is no UUID: write 8-4-4-4-12 hexadecimal digits, as QEMU's -uuid has it")
        }
        return uuid
    }
}
