import Glibc
import Multifd
import Testing

extension WorkloadGuest {
    /// A guest of 16 MiB that writes all the time, and runs.
    static func running(_ options: String = "mixed,ram=16MiB,vcpus=2,working-set=2MiB,rate=20MB/s") throws
        -> WorkloadGuest
    {
        let guest = try WorkloadGuest(configuration: WorkloadConfiguration(parsing: "workload:" + options))
        try guest.resume()
        return guest
    }

    /// Whether it executes: its step counts grow.
    var isRunning: Bool {
        let before = stepCounts
        for _ in 0..<2000 {
            if zip(before, stepCounts).allSatisfy({ $0 < $1 }) { return true }
            usleep(5000)
        }
        return false
    }

    /// Whether memory is what a guest of the same configuration has, that was never migrated, at the same step counts.
    /// The guest is paused by it.
    func equalsReference() throws -> Bool {
        pause()
        let reference = try WorkloadGuest(configuration: WorkloadConfiguration(parsing: configuration))
        try reference.run(toStepCounts: stepCounts)
        return memory.equals(reference.memory)
    }
}
