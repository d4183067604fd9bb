import Synchronization

/// Starts, pauses and throttles the vCPUs of a built-in guest.
final class RunControl: Sendable {
    /// What all vCPUs are to do.
    enum Phase { case paused, running, shutDown }

    struct State {
        var phase = Phase.paused
        /// vCPUs that have not yet stopped since they were last told to run.
        var executing = 0
        /// Registers of each vCPU, as of when it last stopped.
        var vcpus: [VCPUState]
        /// Of each vCPU.
        var throttles: [ThrottlePercentage]
        /// Time that the guest ran in before it last started to, throttled or not.
        var ranBefore = Duration.zero
        var runningSince: MonotonicTime?
    }

    let state: Condition<State>
    /// Changes with each order: what a vCPU looks at between two steps, without a lock.
    private let order = Atomic<UInt64>(0)

    init(_ vcpus: [VCPUState]) {
        state = Condition(State(vcpus: vcpus, throttles: vcpus.map { _ in .off }))
    }

    /// The present order's number.
    @inline(__always)
    var orderNumber: UInt64 { order.load(ordering: .relaxed) }

    /// Sleeps until a time, or until there is a new order.
    func sleep(until deadline: MonotonicTime, unlessAfter number: UInt64) {
        let _: Void? = state.wait(until: deadline) { _ in orderNumber == number ? nil : () }
    }

    /// Gives an order. `body` runs with the lock held.
    func give<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
        try state.withLock { state throws(Failure) in
            defer { order.wrappingAdd(1, ordering: .relaxed) }
            return try body(&state)
        }
    }

    // MARK: Orders

    /// - Returns: false when the guest is shut down.
    func resume() -> Bool {
        give { state in
            switch state.phase {
            case .shutDown: return false
            case .running: return true
            case .paused:
                state.phase = .running
                state.runningSince = .now
                return true
            }
        }
    }

    /// Returns when no vCPU executes any more.
    func stop(_ phase: Phase) {
        give { state in
            if let since = state.runningSince { state.ranBefore += MonotonicTime.now.since(since) }
            state.runningSince = nil
            // Nothing runs again after a shutdown.
            if state.phase != .shutDown { state.phase = phase }
        }
        let _: Void? = state.wait { $0.executing == 0 ? () : nil }
    }

    // MARK: The vCPUs' side

    struct Order {
        let number: UInt64
        let throttle: ThrottlePercentage
    }

    /// Waits until the vCPU is to run.
    ///
    /// - Parameter registers: set to what they are to be from now on.
    /// - Returns: nil when it is to end.
    func nextOrder(vcpu: Int, registers: inout VCPUState) -> Order? {
        let order: Order?? = state.wait { state -> Order?? in
            switch state.phase {
            case .paused: return nil
            case .shutDown: return .some(nil)
            case .running:
                state.executing += 1
                registers = state.vcpus[vcpu]
                return Order(number: orderNumber, throttle: state.throttles[vcpu])
            }
        }
        return order ?? nil
    }

    /// The vCPU has stopped.
    func stopped(vcpu: Int, registers: VCPUState) {
        state.withLock { state in
            state.vcpus[vcpu] = registers
            state.executing -= 1
        }
    }
}
