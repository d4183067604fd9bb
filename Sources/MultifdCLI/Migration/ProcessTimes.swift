import FoundationEssentials

/// What the kernel tells of a process's use of CPUs.
package struct ProcessTimes {
    /// Used by all threads, the ended ones included.
    package let cpuTime: Duration

    /// Nil when there is no such process.
    package init?(process: Int32) {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // A program's name may have spaces and parentheses in it.
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // utime and stime, fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms.
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        cpuTime = .milliseconds((user + system) * 10)
    }

    /// The processes of a cgroup.
    package static func identifiers(inCgroup path: String) -> [Int32] {
        let text = (try? String(contentsOfFile: "\(path)/cgroup.procs", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isNewline).compactMap { Int32($0) }
    }
}
