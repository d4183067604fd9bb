import Synchronization

/// A vCPU of a built-in guest: a thread that executes a program while it is told to.
final class VirtualCPU: Sendable {
    private let index: Int
    private let program: WorkloadProgram
    private let configuration: WorkloadConfiguration
    private let control: RunControl
    /// Steps executed, published a few steps late while running and exactly when stopped.
    private let published: Atomic<UInt64>

    init(index: Int, program: WorkloadProgram, configuration: WorkloadConfiguration, control: RunControl) {
        self.index = index
        self.program = program
        self.configuration = configuration
        self.control = control
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

    /// Executes whole steps until there is another order.
    private func execute(_ order: RunControl.Order, _ registers: inout VCPUState, _ pace: inout Pace?) {
        var slice = ThrottleSlice(order.throttle, now: .now)
        let stepsPerLook = pace?.stepsPerLook ?? 16
        while true {
            for _ in 0..<stepsPerLook {
                guard control.orderNumber == order.number else { return }
                program.step(&registers)
            }
            publish(registers)

            var now = MonotonicTime.now
            if let due = pace?.executed(stepsPerLook, now: now) {
                control.sleep(until: due, unlessAfter: order.number)
                now = .now
            }
            if let asked = slice.sleep(now: now) {
                control.sleep(until: now + asked, unlessAfter: order.number)
                let woke = MonotonicTime.now
                let slept = woke.since(now)
                slice.slept(slept, of: asked, now: woke)
                pace?.postpone(by: slept)
            }
        }
    }
}
