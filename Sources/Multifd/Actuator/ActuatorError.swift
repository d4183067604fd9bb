public import SystemPackage

/// Why a guest in another process cannot be slowed down.
public enum ActuatorError: Error, Hashable {
    /// There is no such process, or this one may not signal it.
    case process(Int32, Errno)
    /// Another throttle is on the process.
    case throttledProcess(Int32)
    /// The process is this one, which could not let itself go on.
    case ownProcess(Int32)
    /// The kernel stops neither its own threads nor the first process.
    case unstoppable(Int32)
    /// The directory is no cgroup with the cpu controller.
    case noCPUController(path: String)
    /// Another throttle is on the cgroup.
    case throttled(path: String)
    /// A file of the cgroup cannot be read or written.
    case file(path: String, operation: String, Errno)
    /// A file of the cgroup holds what it should not.
    case content(path: String, found: String)
    /// CPUs that a guest uses, 1...4096.
    case cpuCount(Int)
    /// The process that undoes a throttle if this one is killed cannot be started.
    case guardian(Errno)
    /// The system gives no thread to stop a process from.
    case noThread(Errno)
    /// What a file of the cgroup held before cannot be written back: the throttle is still in force.
    case unrestored(path: String, text: String, Errno)
}

extension ActuatorError: CustomStringConvertible {
    /// What the kernel means when it knows a number, and not as a process's.
    private static let threadNumber = " (is it a thread's? give the number of its process)"
    /// What makes the kernel refuse a quota that is not wrong in itself.
    private static let refusal =
        " (the root cgroup cannot be throttled, nor one whose burst, in cpu.max.burst or cpu.cfs_burst_us, is more than that, "
        + "nor, of version 1, one that has a cgroup in it that may use more)"
    /// And what makes it refuse one that was in force before.
    private static let lateRefusal = " (of version 1, a cgroup may not use more than the one that it is in)"

    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .process(let identifier, let errno):
            "the process \(identifier) cannot be slowed down: \(errno)"
                + ([.noSuchFileOrDirectory, .invalidArgument].contains(errno) ? Self.threadNumber : "")
        case .ownProcess(let identifier):
            "the process \(identifier) is this one, which could not let itself go on: give another"
        case .unstoppable(let identifier):
            "the process \(identifier) cannot be slowed down: it is the first process or a thread of the kernel, which no "
                + "signal stops; give another"
        case .throttledProcess(let identifier):
            "the process \(identifier) is being slowed down by another throttle already: end that first"
        case .noCPUController(let path):
            "'\(path)' has neither cpu.max nor cpu.cfs_quota_us: give the directory of a cgroup that has the cpu "
                + "controller, and not the root"
        case .throttled(let path):
            "'\(path)' is being slowed down by another throttle already: end that first"
        case .file(let path, let operation, let errno):
            "cannot \(operation) '\(path)': \(errno)\(errno == .invalidArgument ? Self.refusal : "")"
        case .content(let path, let found):
            "'\(path)' holds '\(found)', which is no CPU bandwidth"
        case .cpuCount(let count):
            "a guest has 1 to 4096 vCPUs, not \(count)"
        case .guardian(let errno):
            "the process that would undo the throttle if this one were killed cannot be started: \(errno)"
        case .noThread(let errno):
            "no thread could be started: \(errno); raise the limit of processes (ulimit -u, pids.max)"
        case .unrestored(let path, let text, let errno):
            "the throttle is still in force: write '\(text)' to '\(path)', which was not possible: \(errno)"
                + (errno == .invalidArgument ? Self.lateRefusal : "")
        }
    }
}
