public import Multifd
import SystemPackage

/// Why a running QEMU could not be saved or restored into.
public enum QEMUError: Error {
    /// QEMU could not be asked, or refused.
    case qmp(QMPError)
    /// The snapshot cannot be used.
    case snapshot(SnapshotError)
    /// The guest is in a state in which it cannot be saved.
    case guestState(String)
    /// QEMU migrates already.
    case busy(status: String)
    /// QEMU was built without, or is too old for, what is asked for.
    case noCapability(String, version: QEMUVersion)
    /// QEMU is too old for a parameter that is asked for.
    case noParameter(String, version: QEMUVersion)
    /// QEMU is to encrypt migrations, and the connection is one that would leave the machine.
    case encrypted(credentials: String, uri: String)
    /// QEMU's own account of what went wrong.
    case migration(reason: String)
    /// It failed, and QEMU (7.2 does, 10.0 does not) takes its guest, which was paused, for one that has been migrated away.
    indirect case countedAsMigrated(QEMUError)
    /// The connection to QEMU was lost in the middle, and there is no other.
    indirect case lost(QEMUError, mayBePaused: Bool)
    /// What went wrong at our end; the guest is where it was.
    case transfer(MigrationError)
    /// QEMU does not wait for a guest.
    case notIncoming(status: String)
    /// QEMU waits for a guest, and it is too late to tell it where: it listens already, or has failed (`failed`).
    case notDeferred(status: String?)
    /// The snapshot is complete, and is all there is of the guest unless QEMU still has it.
    case savedBut(reason: String)
    /// QEMU is to listen, and would itself pick the port.
    case noPort(uri: String)
    /// QEMU has another machine than the guest.
    case machine(snapshot: String, qemu: String)
    /// QEMU waits for its guest where we cannot bring it: in another namespace, or on another machine.
    case notReached(uri: String)
    /// QEMU took the guest, but then it came to nothing.
    case notLoaded(reason: String, cause: MigrationError?)
    /// QEMU has said that the guest is loaded, and did not start it.
    case notStarted
}

extension QEMUError {
    /// Whether this end was told to stop.
    var isCancellation: Bool {
        switch self {
        case .transfer(let error): error.isCancellation
        case .countedAsMigrated(let cause), .lost(let cause, _): cause.isCancellation
        default: false
        }
    }

    /// Whether QEMU is known not to be reached any more.
    var isLoss: Bool { if case .lost = self { true } else { false } }

    static func noThread(_ errno: Errno) -> QEMUError { .transfer(.noThread(errno)) }
}

extension QEMUError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .qmp(let error): "\(error)"
        case .snapshot(let error): "\(error)"
        case .guestState("postmigrate"):
            "the guest has been migrated away and is paused: let it run ('cont') before it is saved again"
        case .guestState("inmigrate"):
            "QEMU waits for a guest to come: there is none to save"
        case .guestState(let status):
            "the guest is '\(status)', but only one that is running or paused can be saved"
        case .busy(let status):
            "QEMU has a migration under way ('\(status)'): wait for its end, or cancel it ('migrate_cancel')"
        case .noCapability(let name, let version):
            "this QEMU, \(version), has no capability '\(name)'"
                + (name == "multifd" ? ": use --no-multifd" : "")
        case .noParameter(let name, let version):
            "this QEMU, \(version), has no parameter '\(name)': leave it out"
        case .encrypted(let credentials, let uri):
            "QEMU is set to encrypt migrations (tls-creds '\(credentials)') and TLS is not spoken here, so \(uri) is not "
                + "used: leave --listen out for a socket of this machine, or set tls-creds to ''"
        case .migration(let reason): "QEMU could not migrate its guest: \(reason)"
        case .countedAsMigrated(let cause):
            "\(cause); the guest is paused as it was, but this QEMU takes it for one that has been migrated away "
                + "('postmigrate'): let it run ('cont') before it is saved again"
        case .lost(let cause, let mayBePaused):
            Self.loss(for: cause) + ": it has ended, or crashed, and its standard error may say why; if it lives, its "
                + "migration settings are changed"
                + (mayBePaused ? ", and its guest may be paused: let it run ('cont')" : "")
        case .transfer(let error): "\(error)"
        case .notIncoming(let status):
            "QEMU is '\(status)' and takes no guest in: start it with -incoming defer, and the machine of the snapshot"
        case .notDeferred("failed"):
            "QEMU has failed to take a guest in before, and tries only once: start it anew, with -incoming defer"
        case .notDeferred:
            "QEMU waits for a guest at an address already: start it anew, with -incoming defer"
        case .savedBut(let reason):
            "the guest is saved and the snapshot is complete, but QEMU was not left as it was: \(reason)"
        case .noPort(let uri):
            "QEMU cannot be told to listen on \(uri) and pick a port: name one, or use a unix socket"
        case .machine(let snapshot, let qemu):
            "the snapshot is of the machine '\(snapshot)', but this QEMU has '\(qemu)': start it with -machine \(snapshot)"
        case .notReached(let uri):
            "QEMU waits for its guest at \(uri), which cannot be reached from here: give --listen with an address that both "
                + "ends reach, and start QEMU anew"
        case .notLoaded(let reason, let cause):
            "QEMU could not load the guest: \(reason)" + (cause.map { " (\($0))" } ?? "")
        case .notStarted:
            "QEMU has loaded the guest and does not start it; its standard error says why, as when another QEMU has a disk of "
                + "it open: see to that, and start QEMU anew"
        }
    }

    /// That QEMU cannot be asked any more, which may be all that went wrong.
    private static func loss(for cause: QEMUError) -> String {
        if case .qmp(.closed(let command)) = cause {
            return "the connection to QEMU was closed before it answered '\(command)', and there is no other"
        }
        return "\(cause); QEMU cannot be asked any more"
    }
}
