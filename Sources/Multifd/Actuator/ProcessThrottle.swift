import CLinux
import Glibc
import SystemPackage

/// Slows a process down by stopping it and letting it go on, as a debugger would: 10 ms of running, then as long a stop as
/// the throttle asks for. Needs no more than the right to send it signals, and stops all of it, not only its vCPUs.
public final class ProcessThrottle: ThrottleActuator {
    /// The process's number.
    public let process: Int32

    // Stands for the process also when it has ended and its number is another's.
    private let pidfd: FileDescriptor
    private let order = Condition(Order())
    private let guardian: Owned
    private let thread: WorkerThread

    private struct Order {
        var throttle = ThrottlePercentage.off
        var number = 0
        var isReleased = false
        var failure: Errno?
    }

    /// A box, because a class may not give up a noncopyable member early.
    private final class Owned: Sendable {
        let guardian: ThrottleGuardian
        init(_ guardian: consuming ThrottleGuardian) { self.guardian = guardian }
    }

    /// - Parameter process: its number.
    /// - Throws: ``ActuatorError`` when there is no such process or it may not be signalled.
    public init(process: Int32) throws(ActuatorError) {
        let descriptor = CLinux_pidfd_open(process)
        guard descriptor >= 0 else { throw .process(process, Errno(rawValue: errno)) }
        let pidfd = FileDescriptor(rawValue: descriptor)
        guard CLinux_pidfd_send_signal(descriptor, 0) == 0 else {
            let error = Errno(rawValue: errno)
            try? pidfd.close()
            throw .process(process, error)
        }
        do throws(ActuatorError) {
            guardian = Owned(try ThrottleGuardian(.letGoOn(pidfd: pidfd)))
        } catch {
            try? pidfd.close()
            throw error
        }
        self.process = process
        self.pidfd = pidfd
        thread = WorkerThread(name: "throttle") { [order] in Self.run(pidfd, order) }
    }

    deinit {
        release()
        try? pidfd.close()
    }

    /// - Throws: ``ActuatorError/process(_:_:)`` when the process has ended.
    public func setThrottle(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        let failure = order.withLock { order in
            if order.throttle != percentage {
                order.throttle = percentage
                order.number += 1
            }
            return order.failure
        }
        if let failure { throw .process(process, failure) }
    }

    /// Lets the process go on.
    public func release() {
        order.withLock { order in
            order.isReleased = true
            order.number += 1
        }
        thread.join()
    }

    /// The thread's body. However it ends, the process goes on.
    private static func run(_ pidfd: FileDescriptor, _ order: Condition<Order>) {
        defer { _ = CLinux_pidfd_send_signal(pidfd.rawValue, SIGCONT) }
        var present = order.wait { $0 }
        while let current = present, !current.isReleased {
            if current.throttle > .off, let failure = cycle(pidfd, order, current) {
                return order.withLock { $0.failure = failure }
            }
            present = order.wait { $0.number == current.number ? nil : $0 }
        }
    }

    /// Stops the process and lets it go on until there is another order.
    private static func cycle(_ pidfd: FileDescriptor, _ order: Condition<Order>, _ current: Order) -> Errno? {
        func wait(until time: MonotonicTime) -> Bool {
            order.wait(until: time) { $0.number == current.number ? nil : true } == nil
        }
        func send(_ signal: Int32) -> Errno? {
            CLinux_pidfd_send_signal(pidfd.rawValue, signal) == 0 ? nil : Errno(rawValue: errno)
        }
        var slice = ThrottleSlice(current.throttle, now: .now)
        while wait(until: .now + ThrottleSlice.running) {
            let start = MonotonicTime.now
            guard let asked = slice.sleep(now: start) else { continue }
            if let failure = send(SIGSTOP) { return failure }
            let isUnchanged = wait(until: start + asked)
            if let failure = send(SIGCONT) { return failure }
            guard isUnchanged else { return nil }
            let now = MonotonicTime.now
            slice.slept(now.since(start), of: asked, now: now)
        }
        return nil
    }
}
