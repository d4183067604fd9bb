import Synchronization

/// A vCPU of a built-in guest: a thread that executes a program while it is told to.
final class VirtualCPU: Sendable {
    private let index: Int
    private let program: WorkloadProgram
    private let configuration: WorkloadConfiguration
    private let control: RunControl
    private let orderNumber: OrderNumber
    /// Steps executed, published a few steps late while running and exactly when stopped.
    private let published: Atomic<UInt64>

    init(index: Int, program: WorkloadProgram, configuration: WorkloadConfiguration, control: RunControl) {
        self.index = index
        self.program = program
        self.configuration = configuration
        self.control = control
        orderNumber = control.orderNumbers[index]
        published = Atomic(program.initialState.stepCount)
    }

    var stepCount: UInt64 { published.load(ordering: .relaxed) }

    func publish(_ registers: VCPUState) { published.store(registers.stepCount, ordering: .relaxed) }

    /// The thread's body: returns when the guest is shut down.
    func run() {
        var registers = program.initialState
        var pace = Pace(configuration, vcpu: index)
        while let order = control.nextOrder(vcpu: index, registers: &registers) {
            pace?.restart(at: .now)
            execute(order, &registers, &pace)
            publish(registers)
            control.stopped(vcpu: index, registers: registers)
        }
    }

    /// Executes whole steps until it is to stop.
    private func execute(_ first: RunControl.Order, _ registers: inout VCPUState, _ pace: inout Pace?) {
        var order = first
        var slice = ThrottleSlice(order.throttle, now: .now)
        let stepsPerLook = pace?.stepsPerLook ?? 16
        while true {
            for _ in 0..<stepsPerLook {
                if orderNumber.value != order.number {
                    guard let next = control.order(vcpu: index, after: order) else { return }
                    order = next
                    slice.change(to: order.throttle, now: .now)
                }
                program.step(&registers)
            }
            publish(registers)

            var now = MonotonicTime.now
            if let due = pace?.executed(stepsPerLook, now: now) {
                _ = control.sleep(vcpu: index, until: due, unlessAfter: order)
                now = .now
            }
            // Again when another percentage woke it: then it sleeps for what that one asks for.
            while let asked = slice.sleep(now: now) {
                let isWoken = control.sleep(vcpu: index, until: now + asked, unlessAfter: order)
                let woke = MonotonicTime.now
                let slept = woke.since(now)
                now = woke
                pace?.postpone(by: slept)
                guard isWoken else {
                    slice.slept(slept, of: asked, now: now)
                    break
                }
                guard let next = control.order(vcpu: index, after: order) else { return }
                order = next
                slice.woken(after: slept)
                slice.change(to: order.throttle, now: now)
            }
        }
    }
}
