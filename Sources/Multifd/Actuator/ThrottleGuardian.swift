import CLinux
import Glibc
import SystemPackage

/// Owns a child process that undoes a throttle when this process dies without having done so.
struct ThrottleGuardian: ~Copyable, Sendable {
    /// What it does then.
    enum Undo {
        /// Each text to the file at its place.
        case write([String], to: [FileDescriptor])
        case letGoOn(pidfd: FileDescriptor)
    }

    private let process: Int32
    /// Whether there is anything to undo.
    private let isInForce: SharedFlag
    /// The writing end of a pipe that the child reads: it ends when this process does.
    private let lifeline: FileDescriptor
    /// The other end, open here too: were the child killed, a write to a pipe without a reader would end this process.
    private let reader: FileDescriptor

    init(_ undo: Undo) throws(ActuatorError) {
        let isInForce: SharedFlag
        do throws(Errno) {
            isInForce = try SharedFlag()
        } catch {
            throw .guardian(error)
        }
        var ends: [Int32] = [-1, -1]
        guard unsafe CLinux_pipe(&ends) == 0 else { throw .guardian(Errno(rawValue: errno)) }
        let (child, error) = Self.start(undo, lifeline: ends[0], isInForce)
        guard child > 0 else {
            for end in ends { close(end) }
            throw .guardian(error)
        }
        process = child
        self.isInForce = isInForce
        reader = FileDescriptor(rawValue: ends[0])
        lifeline = FileDescriptor(rawValue: ends[1])
    }

    /// The throttle has been undone: ends the child.
    deinit {
        _ = try? lifeline.writeAll([0])
        for end in [lifeline, reader] { try? end.close() }
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }

    /// Says whether the child has anything to undo if this process dies from now on: to be said before it is done, and taken
    /// back after it is undone. At first it has nothing.
    func setInForce(_ value: Bool) { isInForce.store(value) }

    private static func start(
        _ undo: Undo, lifeline: Int32, _ isInForce: borrowing SharedFlag
    ) -> (child: Int32, error: Errno) {
        let (targets, lines): ([Int32], String) =
            switch undo {
            case .write(let texts, let files): (files.map(\.rawValue), texts.joined(separator: "\n"))
            case .letGoOn(let pidfd): ([pidfd.rawValue], "")
            }
        let bytes = Array(lines.utf8)
        let child = unsafe CLinux_start_guardian(
            lifeline, isInForce.address, targets, targets.count, bytes, bytes.count)
        return (child, Errno(rawValue: errno))
    }
}
