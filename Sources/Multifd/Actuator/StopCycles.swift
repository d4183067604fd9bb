import CLinux
import Glibc
import SystemPackage

/// Stops a process and lets it go on, again and again, and does neither while somebody else has stopped it.
struct StopCycles: ~Copyable {
    private let process: Int32
    private let pidfd: FileDescriptor
    /// From the first stop on: a process that was stopped before is not to be let go on by anyone.
    private var guardian: ThrottleGuardian?

    init(of process: Int32, pidfd: FileDescriptor) {
        self.process = process
        self.pidfd = pidfd
    }

    /// Runs until there is another order. Afterwards the process goes on, even after an error.
    ///
    /// - Parameter wait: waits until a time, and returns whether there is no other order.
    mutating func run(
        at throttle: ThrottlePercentage, waiting wait: (MonotonicTime) -> Bool
    ) throws(ActuatorError) {
        var slice = ThrottleSlice(throttle, now: .now)
        while wait(.now + ThrottleSlice.running) {
            guard !isStopped else {
                slice = ThrottleSlice(throttle, now: .now)
                continue
            }
            let start = MonotonicTime.now
            guard let asked = slice.sleep(now: start) else { continue }
            if guardian == nil { guardian = try ThrottleGuardian(.letGoOn(pidfd: pidfd)) }
            // Killed between two of these, this process leaves a guardian that lets the other go on once too often, and not
            // one that leaves it stopped.
            guardian?.setInForce(true)
            try send(SIGSTOP)
            let isUnchanged = wait(start + asked)
            try send(SIGCONT)
            guardian?.setInForce(false)
            guard isUnchanged else { return }
            let now = MonotonicTime.now
            slice.slept(now.since(start), of: asked, now: now)
        }
    }

    private var isStopped: Bool { ProcessStatus(ofProcess: process)?.isStopped ?? false }

    private func send(_ signal: Int32) throws(ActuatorError) {
        guard CLinux_pidfd_send_signal(pidfd.rawValue, signal) == 0 else {
            throw .process(process, Errno(rawValue: errno))
        }
    }
}
