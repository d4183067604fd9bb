import ArgumentParser
import Glibc
import Multifd
import Synchronization

extension MultifdCommand {
    /// A throttle on something that runs in another process.
    struct ThrottleRun: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run",
            abstract: "Slows a process or a cgroup down until ^C, and says how much CPU it still got.",
            discussion: """
                With --pid the process is stopped and continued many times a second; with --cgroup the cgroup's CPU \
                bandwidth is lowered. Afterwards everything is as it was before, even if this command is killed.

                An interactive shell whose job in the foreground is stopped takes the terminal back, and keeps it: \
                throttle such a job with --cgroup, or start it elsewhere.

                Examples:

                  multifd throttle run --pid 4711 --cpu-throttle-percentage 60 --duration 10
                  multifd throttle run --cgroup /sys/fs/cgroup/vm --vcpus 4 \\
                    --cpu-throttle-percentage 80
                """)

        @Option(help: ArgumentHelp("The process to slow down.", valueName: "pid"))
        var pid: Int32?

        @Option(help: ArgumentHelp("The cgroup to slow down: its directory, of version 1 or 2.", valueName: "path"))
        var cgroup: String?

        @Option(help: ArgumentHelp("CPUs that the cgroup uses when nothing slows it. (default: 1)", valueName: "count"))
        var vcpus: Int?

        @Option(help: ArgumentHelp("The share of its time to take away, 0...99 %.", valueName: "%"))
        var cpuThrottlePercentage: Int

        @Option(help: ArgumentHelp("For how long, in s. (default: until ^C)", valueName: "s"))
        var duration: Double?

        func validate() throws {
            guard (pid == nil) != (cgroup == nil) else { throw ValidationError("give either --pid or --cgroup") }
            try ValidationError.wrapping {
                if let pid, pid < 1 { throw ParameterError.belowMinimum(name: "pid", minimum: 1, found: Int(pid)) }
                guard (0...99).contains(cpuThrottlePercentage) else {
                    throw ParameterError.outOfRange(
                        name: "cpu-throttle-percentage", valid: 0...99, found: cpuThrottlePercentage)
                }
                guard vcpus == nil || cgroup != nil else {
                    throw ParameterError.needless(name: "vcpus", without: "cgroup")
                }
                if let vcpus, !(1...4096).contains(vcpus) {
                    throw ParameterError.outOfRange(name: "vcpus", valid: 1...4096, found: vcpus)
                }
            }
            let duration = duration ?? 1
            guard duration > 0, duration <= 1e9 else {
                throw ValidationError("--duration is more than 0 and at most 1000000000 s, not \(duration)")
            }
        }

        func run() async throws {
            let isInterrupted = Mutex(false)
            // Before anything is changed that is to be undone.
            let interrupt = try Interrupt { isInterrupted.withLock { $0 = true } }
            defer { interrupt.stop() }
            // Stopped by ^Z, this command would leave stopped what it has stopped.
            _ = signal(SIGTSTP, SIG_IGN)
            if let cgroup {
                let throttle = try CgroupThrottle(path: cgroup, cpuCount: vcpus ?? 1)
                let meter = CPUMeter { CPUMeter.cpuTime(ofCgroup: cgroup) }
                try await run(throttle, measuredBy: meter) {
                    throttle.isGone || isInterrupted.withLock(\.self)
                }
            } else if let pid {
                let throttle = try ProcessThrottle(process: pid)
                if ProcessStatus(ofProcess: pid)?.isInForeground == true {
                    StandardError.writeLine(
                        "multifd: the process \(pid) is the foreground job of its terminal: a shell takes the terminal back "
                            + "when the job is stopped, and keeps it (use --cgroup)")
                }
                let meter = CPUMeter { ProcessStatus(ofProcess: pid)?.cpuTime }
                try await run(throttle, measuredBy: meter) { throttle.hasEnded || isInterrupted.withLock(\.self) }
            }
        }

        /// Until the time is over, at ^C or at the end of what is slowed, whichever comes first.
        private func run(
            _ actuator: any ThrottleActuator, measuredBy meter: CPUMeter, until hasEnded: () -> Bool
        ) async throws {
            var meter = meter
            let percentage = ThrottlePercentage(clamping: cpuThrottlePercentage)
            let end = duration.map { ContinuousClock.now + .seconds($0) }
            do {
                repeat {
                    try actuator.setThrottle(percentage)
                    try await Task.sleep(for: .milliseconds(20))
                    guard !hasEnded() else { break }
                    meter.read()
                } while end.map { ContinuousClock.now < $0 } ?? true
            } catch {
                // What stays throttled is worse than that it could not be throttled more.
                try actuator.release()
                throw error
            }
            // Before anything is written: whoever reads it may be slow.
            let released = Result { () throws(ActuatorError) in try actuator.release() }
            try StandardOutput.writeLine(
                "used \(Int((meter.share * 100).rounded())) % of a CPU for \(meter.elapsed.people), throttled by "
                    + "\(cpuThrottlePercentage) %")
            try released.get()
        }
    }
}
