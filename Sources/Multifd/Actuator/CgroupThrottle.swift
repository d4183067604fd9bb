import SystemPackage
import Synchronization

/// Slows the processes of a cgroup down by its CPU bandwidth: `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1.
///
/// The bandwidth is the cgroup's as a whole: a throttle of 60 % leaves a guest of 4 vCPUs 1.6 CPUs, however its vCPUs
/// divide them. A guest that keeps one of 4 vCPUs busy is thus slowed only from 75 % on; ``ProcessThrottle`` has no such
/// limit.
public final class CgroupThrottle: ThrottleActuator {
    private let file: FileDescriptor
    private let path: String
    private let bandwidth: CgroupBandwidth
    /// Nil once released.
    private let guardian: Mutex<ThrottleGuardian?>

    /// - Parameters:
    ///   - path: the cgroup's directory, of either version.
    ///   - cpuCount: CPUs that the guest uses when nothing slows it: its vCPUs, 1...4096.
    /// - Throws: ``ActuatorError``.
    public init(path: String, cpuCount: Int) throws(ActuatorError) {
        guard (1...4096).contains(cpuCount) else { throw .cpuCount(cpuCount) }
        let bandwidth = try CgroupBandwidth(ofCgroup: path, cpuCount: cpuCount)
        let file: FileDescriptor
        do throws(Errno) {
            file = try Self.open(bandwidth.path)
        } catch {
            throw .file(path: bandwidth.path, operation: "open", error)
        }
        do throws(ActuatorError) {
            guardian = Mutex(try ThrottleGuardian(.write(Array(bandwidth.original.utf8), to: file)))
        } catch {
            try? file.close()
            throw error
        }
        self.file = file
        self.path = bandwidth.path
        self.bandwidth = bandwidth
    }

    deinit {
        release()
        try? file.close()
    }

    /// - Throws: ``ActuatorError`` when the cgroup has gone.
    public func setThrottle(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        try write(percentage == .off ? bandwidth.original : bandwidth.text(at: percentage))
    }

    /// Writes back what the file held before.
    public func release() {
        guardian.withLock { guardian in
            guard guardian != nil else { return }
            // A cgroup that has gone has nothing left to undo.
            try? write(bandwidth.original)
            guardian = nil
        }
    }

    private func write(_ text: String) throws(ActuatorError) {
        do {
            _ = try file.writeAll(toAbsoluteOffset: 0, text.utf8)
        } catch {
            throw .file(path: path, operation: "write '\(text)' to", error as? Errno ?? .ioError)
        }
    }

    private static func open(_ path: String) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
