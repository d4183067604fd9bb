import FoundationEssentials

/// Whether a process belongs to the job that a terminal's shell has in the foreground.
package enum ForegroundJob {
    package static func holds(process: Int32) -> Bool {
        ((try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)).map(isHeld(by:))) ?? false
    }

    /// - Parameter status: what `/proc/PID/stat` holds.
    package static func isHeld(by status: String) -> Bool {
        // A program's name may have spaces and parentheses in it.
        guard let end = status.lastIndex(of: ")") else { return false }
        let fields = status[status.index(after: end)...].split(separator: " ")
        // pgrp and tpgid, fields 5 and 8 of proc_pid_stat(5). Without a terminal the latter is -1.
        guard fields.count > 5, let group = Int32(fields[2]), let foreground = Int32(fields[5]) else { return false }
        return foreground > 0 && group == foreground
    }
}
