public import Multifd
import SystemPackage

/// Why QEMU could not be asked, or what it answered.
public enum QMPError: Error, Equatable {
    /// The socket cannot be reached, or the connection broke.
    case transport(address: String, TransportError)
    /// What listens there is no QMP server.
    case noGreeting(address: String, found: String)
    /// The server said something that is no QMP.
    case malformed(found: String)
    /// The connection was closed: QEMU has ended, or a proxy before it has.
    case closed(command: String)
    /// QEMU did not answer, or did not report an event, in time.
    case timedOut(waitingFor: String, after: Duration)
    /// QEMU refused a command. `errorClass` is `GenericError`, `CommandNotFound`, ...
    case refused(command: String, errorClass: String, reason: String)
}

extension QMPError {
    /// Whether QEMU did not answer in time.
    var isTimeout: Bool { if case .timedOut = self { true } else { false } }

    /// Whether another connection may help.
    var isLoss: Bool {
        switch self {
        case .closed, .transport: true
        default: false
        }
    }
}

extension QMPError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .transport(let address, .connect(_, .resourceTemporarilyUnavailable)):
            "cannot connect to QEMU's QMP socket \(address): other clients wait there already, and QEMU serves one at a "
                + "time; end them, or give QEMU another -qmp"
        case .transport(let address, .connect(_, let errno)):
            "cannot connect to QEMU's QMP socket \(address): \(errno); start QEMU with "
                + "-qmp \(address),server=on,wait=off"
        case .transport(let address, let error):
            "the connection to QEMU's QMP socket \(address) failed: \(error)"
        case .noGreeting(let address, let found):
            "\(address) is no QMP socket: a QMP server greets, but \(found)"
        case .malformed(let found):
            "QEMU sent what is no QMP message: \(found)"
        case .closed(let command):
            "the QMP connection was closed before QEMU answered '\(command)': it has ended, or what leads to it"
        case .timedOut(let what, let duration):
            "QEMU gave no answer to '\(what)' within \(duration.seconds.threeFigures) s: it is busy or stuck"
        case .refused(let command, let errorClass, let reason):
            "QEMU refused '\(command)': \(reason) (\(errorClass))"
        }
    }
}
