import Glibc

/// What the kernel tells of a process in its `stat` files, proc_pid_stat(5).
package struct ProcessStatus {
    private var state: Character
    private let group: Int32
    /// That for which its terminal takes input; -1 without a terminal.
    private let foregroundGroup: Int32
    private let flags: UInt32
    /// Used by all threads, the ended ones included.
    package let cpuTime: Duration

    /// `PF_KTHREAD` of the kernel's `sched.h`.
    private static let kernelThread: UInt32 = 0x0020_0000

    /// Nil when there is no such process.
    package init?(ofProcess process: Int32) {
        guard var status = Self(at: "/proc/\(process)/stat") else { return nil }
        // A main thread that has ended stays for the others' sake, and stops with none of them.
        if status.hasEnded, let state = Self.runningState(ofProcess: process) { status.state = state }
        self = status
    }

    /// Nil for what is no such file's text.
    package init?(parsing text: String) {
        // A program's name may have anything in it: spaces, parentheses, ends of lines.
        guard let end = text.lastIndex(of: ")") else { return nil }
        // From the third on.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let state = fields[0].first, let group = Int32(fields[2]),
            let foregroundGroup = Int32(fields[5]), let flags = UInt32(fields[6]),
            let userTime = Int(fields[11]), let systemTime = Int(fields[12])
        else { return nil }
        (self.state, self.group, self.foregroundGroup, self.flags) = (state, group, foregroundGroup, flags)
        // In ticks of 10 ms.
        cpuTime = .milliseconds((userTime + systemTime) * 10)
    }

    private init?(at path: String) {
        guard let text = try? KernelFile.text(of: path) else { return nil }
        self.init(parsing: text)
    }

    /// Of a thread that has not ended.
    private static func runningState(ofProcess process: Int32) -> Character? {
        let directory = "/proc/\(process)/task"
        guard let stream = unsafe opendir(directory) else { return nil }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let status = Self(at: "\(directory)/\(name)/stat"), !status.hasEnded { return status.state }
        }
        return nil
    }

    private var hasEnded: Bool { "ZX".contains(state) }

    /// Whether it is stopped, or traced.
    var isStopped: Bool { "Tt".contains(state) }

    /// Whether it is a thread of the kernel's own.
    var isOfKernel: Bool { flags & Self.kernelThread != 0 }

    /// Whether it belongs to the job that a terminal's shell has in the foreground.
    package var isInForeground: Bool { foregroundGroup > 0 && group == foregroundGroup }
}
