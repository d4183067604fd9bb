import ArgumentParser
import Multifd
import SystemPackage

extension MultifdCommand {
    /// A throttle on something that runs in another process.
    struct ThrottleRun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run",
            abstract: "Slows a process or a cgroup down until ^C, and says what it still got.",
            discussion: """
                With --pid the process is stopped and let go on, many times a second; with --cgroup the cgroup's CPU \
                bandwidth is lowered. All is as it was before afterwards, also if this command is killed.

                Examples:

                  multifd throttle run --pid 4711 --cpu-throttle-percentage 60 --duration 10
                  multifd throttle run --cgroup /sys/fs/cgroup/vm --vcpus 4 \\
                    --cpu-throttle-percentage 80
                """)

        @Option(help: ArgumentHelp("The process to slow down.", valueName: "pid"))
        var pid: Int32?

        @Option(help: ArgumentHelp("The cgroup to slow down: its directory, of version 1 or 2.", valueName: "path"))
        var cgroup: String?

        @Option(help: ArgumentHelp("CPUs that the cgroup uses when nothing slows it.", valueName: "count"))
        var vcpus = 1

        @Option(help: ArgumentHelp("The share of its time to take away, 0...99 %.", valueName: "%"))
        var cpuThrottlePercentage: Int

        @Option(help: ArgumentHelp("For how long, in s. (default: until ^C)", valueName: "s"))
        var duration: Double?

        func validate() throws {
            guard (pid == nil) != (cgroup == nil) else { throw ValidationError("give either --pid or --cgroup") }
            guard (0...99).contains(cpuThrottlePercentage) else {
                throw ValidationError(
                    ParameterError.outOfRange(
                        name: "cpu-throttle-percentage", valid: 0...99, found: cpuThrottlePercentage
                    ).description)
            }
            guard (duration ?? 1) > 0 else { throw ValidationError("--duration is more than 0") }
        }

        func run() async throws {
            let actuator = try makeActuator()
            defer { actuator.release() }
            let (interrupts, continuation) = AsyncStream.makeStream(of: Void.self)
            // Before anything is changed that is to be undone.
            let interrupt = Interrupt { continuation.finish() }
            defer { interrupt.stop() }
            let before = cpuTime
            let clock = ContinuousClock()
            let start = clock.now
            try actuator.setThrottle(ThrottlePercentage(clamping: cpuThrottlePercentage))
            await wait(for: interrupts)
            let share = (cpuTime - before) / (clock.now - start)
            FileDescriptor.standardOutput.writeLine(
                "used \(Int((share * 100).rounded())) % of a CPU for \((clock.now - start).people), throttled by "
                    + "\(cpuThrottlePercentage) %")
        }

        private func makeActuator() throws -> any ThrottleActuator {
            if let cgroup { return try CgroupThrottle(path: cgroup, cpuCount: vcpus) }
            return try ProcessThrottle(process: pid ?? 0)
        }

        /// Until the time is over or ^C, whichever comes first.
        private func wait(for interrupts: AsyncStream<Void>) async {
            await withTaskGroup { group in
                group.addTask { for await _ in interrupts {} }
                if let duration { group.addTask { try? await Task.sleep(for: .seconds(duration)) } }
                await group.next()
                group.cancelAll()
            }
        }

        /// CPU time that the process or the cgroup's processes have used so far.
        private var cpuTime: Duration {
            let identifiers = pid.map { [$0] } ?? ProcessTimes.identifiers(inCgroup: cgroup ?? "")
            return identifiers.compactMap { ProcessTimes(process: $0)?.cpuTime }.reduce(.zero, +)
        }
    }
}
