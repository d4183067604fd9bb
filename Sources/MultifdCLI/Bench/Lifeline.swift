import Glibc
import Synchronization
import SystemPackage

/// What the processes of a benchmark live by: a pipe that is the standard input of all of them, and that ends when it is cut
/// or when this process is gone, however that ends. See ``LifelineOptions``.
package final class Lifeline: Sendable {
    /// The end for the processes.
    let input: FileDescriptor
    private let output: FileDescriptor
    private let cutting = Atomic(false)

    package init() throws {
        (input, output) = try FileDescriptor.pipe()
        // A process that had our end, too, would keep itself alive, and the others.
        _ = fcntl(output.rawValue, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        cut()
        try? input.close()
    }

    /// Has all processes end, those included that are started later.
    func cut() {
        guard !cutting.exchange(true, ordering: .relaxed) else { return }
        try? output.close()
    }

    var isCut: Bool { cutting.load(ordering: .relaxed) }
}
