/// Starts, pauses and throttles the vCPUs of a built-in guest.
final class RunControl: Sendable {
    /// What all vCPUs are to do.
    enum Phase { case paused, running, shutDown }

    struct State {
        var phase = Phase.paused
        /// vCPUs that have not yet stopped since they were last told to run.
        var executing = 0
        /// Orders to all vCPUs so far, with which they stop: all but those that change a throttle.
        var stopCount: UInt64 = 0
        /// Registers of each vCPU, as of when it last stopped.
        var vcpus: [VCPUState]
        /// Of each vCPU.
        var throttles: [ThrottlePercentage]
        /// Time that the guest ran in before it last started to, throttled or not.
        var ranBefore = Duration.zero
        var runningSince: MonotonicTime?
    }

    let state: Condition<State>
    /// One for each vCPU: an order to one of them leaves the others asleep.
    let orderNumbers: [OrderNumber]

    init(_ vcpus: [VCPUState]) {
        state = Condition(State(vcpus: vcpus, throttles: vcpus.map { _ in .off }))
        orderNumbers = vcpus.map { _ in OrderNumber() }
    }

    /// Gives an order to all vCPUs, which stop for it. `body` runs with the lock held.
    func give<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in
            defer {
                state.stopCount += 1
                for number in orderNumbers { number.advance() }
            }
            return body(&state)
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

    /// Takes effect without a stop, at the vCPUs whose throttle it changes.
    func setThrottle(_ percentage: ThrottlePercentage, ofVCPUs vcpus: Range<Int>) {
        state.withLock { state in
            for vcpu in vcpus where state.throttles[vcpu] != percentage {
                state.throttles[vcpu] = percentage
                orderNumbers[vcpu].advance()
            }
        }
    }

    // MARK: The vCPUs' side

    struct Order {
        let number: UInt64
        let throttle: ThrottlePercentage
        fileprivate let stopCount: UInt64
    }

    private func order(vcpu: Int, _ state: State) -> Order {
        Order(number: orderNumbers[vcpu].value, throttle: state.throttles[vcpu], stopCount: state.stopCount)
    }

    /// Sleeps until a time, or until there is a new order.
    ///
    /// - Returns: whether there is one.
    func sleep(vcpu: Int, until deadline: MonotonicTime, unlessAfter order: Order) -> Bool {
        state.wait(until: deadline) { _ in orderNumbers[vcpu].value == order.number ? nil : () } != nil
    }

    /// What to do after an order that is no longer the present one.
    ///
    /// - Returns: nil when the vCPU is to stop.
    func order(vcpu: Int, after order: Order) -> Order? {
        // The end of a wait wakes nobody, that of `withLock` would all who sleep.
        let next: Order?? = state.wait { .some($0.stopCount == order.stopCount ? self.order(vcpu: vcpu, $0) : nil) }
        return next ?? nil
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
                return self.order(vcpu: vcpu, state)
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
