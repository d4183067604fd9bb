package import ArgumentParser
import Multifd
import MultifdQEMU

/// What a command that fails exits with.
package enum FailureCode: Int32 {
    /// Whatever there was to migrate is where it was.
    case failure = 1
    case wrongUsage = 2
    /// The guest was handed over, and that is not confirmed or could not be told: whoever tries again may run it twice.
    case handedOver = 3

    package init(_ error: any Error) {
        self =
            switch error {
            // A command line may make no sense beside the guests and the files that it names: that shows only when these
            // are opened.
            case is ParameterError, MigrationError.parameter, QEMUError.transfer(.parameter): .wrongUsage
            case is UnreportedMigration, MigrationError.handoverUnconfirmed,
                MigrationError.foreign(QEMUSendError.unconfirmed),
                QEMUError.transfer(.foreign(QEMUSendError.unconfirmed)):
                .handedOver
            default: .failure
            }
    }

    package var exitCode: ExitCode { ExitCode(rawValue) }
}
