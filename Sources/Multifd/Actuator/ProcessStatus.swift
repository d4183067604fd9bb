import Glibc

/// What the kernel tells of a process in its `stat` files, proc_pid_stat(5).
struct ProcessStatus {
    private let state: Character
    private let flags: UInt32

    /// `PF_KTHREAD` of the kernel's `sched.h`.
    private static let kernelThread: UInt32 = 0x0020_0000

    /// Nil when there is no such process.
    init?(ofProcess process: Int32) {
        guard let status = Self(at: "/proc/\(process)/stat") else { return nil }
        // A main thread that has ended stays for the others' sake, and stops with none of them.
        self = status.hasEnded ? Self.running(ofProcess: process) ?? status : status
    }

    /// A thread's.
    private init?(at path: String) {
        // A program's name may have anything in it: spaces, parentheses, ends of lines.
        guard let text = try? KernelFile.text(of: path), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 6, let state = fields[0].first, let flags = UInt32(fields[6]) else { return nil }
        (self.state, self.flags) = (state, flags)
    }

    /// Of a thread that has not ended.
    private static func running(ofProcess process: Int32) -> Self? {
        let directory = "/proc/\(process)/task"
        guard let stream = unsafe opendir(directory) else { return nil }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if let status = Self(at: "\(directory)/\(name)/stat"), !status.hasEnded { return status }
        }
        return nil
    }

    private var hasEnded: Bool { "ZX".contains(state) }

    /// Whether it is stopped, or traced.
    var isStopped: Bool { "Tt".contains(state) }

    /// Whether it is a thread of the kernel's own.
    var isOfKernel: Bool { flags & Self.kernelThread != 0 }
}
