import CLinux
import Glibc
import SystemPackage

/// Slows a process down by stopping it and letting it go on, as a debugger would: 10 ms of running, then as long a stop as
/// the throttle asks for. Needs no more than the right to send it signals, and stops all of it, not only its vCPUs.
///
/// What somebody else has stopped it leaves alone: there is nothing to slow down. The kernel counts no stops, though: one by
/// somebody else that comes while the process is stopped here ends with this one.
public final class ProcessThrottle: ThrottleActuator {
    /// The process's number.
    public let process: Int32

    // Stands for the process even when it has ended and its number is another's.
    private let pidfd: FileDescriptor
    // Locked until this is released.
    private let status: FileDescriptor
    private let order = Condition(Order())
    private let thread: WorkerThread

    private struct Order {
        var throttle = ThrottlePercentage.off
        var number = 0
        var isReleased = false
        var failure: ActuatorError?
    }

    /// - Parameter process: its number.
    /// - Throws: ``ActuatorError`` when there is no such process, it may not be signalled, it is this one or one that no signal
    ///   stops, another throttle is on it or the system gives no thread.
    public init(process: Int32) throws(ActuatorError) {
        guard process != getpid() else { throw .ownProcess(process) }
        guard process != 1, ProcessStatus(ofProcess: process)?.isOfKernel != true else { throw .unstoppable(process) }
        let descriptor = CLinux_pidfd_open(process)
        guard descriptor >= 0 else { throw .process(process, Errno(rawValue: errno)) }
        let pidfd = FileDescriptor(rawValue: descriptor)
        guard CLinux_pidfd_send_signal(descriptor, 0) == 0 else {
            let error = Errno(rawValue: errno)
            try? pidfd.close()
            throw .process(process, error)
        }
        do {
            status = try Self.lockedStatus(of: process)
        } catch {
            try? pidfd.close()
            throw error
        }
        self.process = process
        self.pidfd = pidfd
        do throws(Errno) {
            thread = try WorkerThread(named: "throttle") { [order] in
                var cycles = StopCycles(of: process, pidfd: pidfd)
                Self.run(&cycles, order)
            }
        } catch {
            try? status.close()
            try? pidfd.close()
            throw .noThread(error)
        }
    }

    deinit {
        release()
        try? status.close()
        try? pidfd.close()
    }

    /// Two that stop a process would take each other's stops for somebody else's. Nobody but a throttle locks its status.
    private static func lockedStatus(of process: Int32) throws(ActuatorError) -> FileDescriptor {
        do {
            let file = try FileDescriptor.open(FilePath("/proc/\(process)/stat"), .readOnly, options: .closeOnExec)
            do {
                try KernelFile.lock(file)
                return file
            } catch {
                try? file.close()
                throw error
            }
        } catch {
            let errno = error as? Errno ?? .ioError
            throw errno == .wouldBlock ? .throttledProcess(process) : .process(process, errno)
        }
    }

    /// Whether the process has ended, even when nobody has taken note of it yet.
    public var hasEnded: Bool {
        var descriptor = pollfd(fd: pidfd.rawValue, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0
    }

    /// - Throws: ``ActuatorError`` when the process has ended, or could not be slowed down when this was last called.
    public func setThrottle(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        let failure = order.withLock { order in
            if order.throttle != percentage {
                order.throttle = percentage
                order.number += 1
            }
            return order.failure
        }
        if let failure { throw failure }
    }

    /// Lets the process go on.
    public func release() {
        order.withLock { order in
            order.isReleased = true
            order.number += 1
        }
        thread.join()
        flock(status.rawValue, LOCK_UN)
    }

    /// The thread's body.
    private static func run(_ cycles: inout StopCycles, _ order: Condition<Order>) {
        var present = order.wait { $0 }
        while let current = present, !current.isReleased {
            if current.throttle > .off {
                do throws(ActuatorError) {
                    try cycles.run(at: current.throttle) { time in
                        order.wait(until: time) { $0.number == current.number ? nil : true } == nil
                    }
                } catch {
                    return order.withLock { $0.failure = error }
                }
            }
            present = order.wait { $0.number == current.number ? nil : $0 }
        }
    }
}
