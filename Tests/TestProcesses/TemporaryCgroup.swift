import Foundation

/// A cgroup with the cpu controller that a test makes and takes away.
package final class TemporaryCgroup {
    package let path: String
    /// Goes after this one: what has a cgroup in it cannot be removed.
    private let outer: TemporaryCgroup?

    /// Where cgroups with the controller can be made: version 1, then version 2; nil where the tests may not.
    package static let parent: String? = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"].first { parent in
        let path = "\(parent)/multifd-probe-\(getpid())"
        guard unsafe mkdir(path, 0o755) == 0 else { return false }
        defer { unsafe rmdir(path) }
        return ["cpu.max", "cpu.cfs_quota_us"].contains { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
    }

    /// Whether the controller is of version 1, where no cgroup may have more than the one that it is in.
    package static let isVersion1 = parent == "/sys/fs/cgroup/cpu"

    /// - Parameter parent: by default the top, which no other may be above.
    package init(in parent: TemporaryCgroup? = nil) throws {
        outer = parent
        path = "\(parent?.path ?? Self.parent ?? "")/multifd-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { unsafe rmdir(path) }

    package func add(_ process: BusyProcess) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(path)/cgroup.procs"))
        try file.write(contentsOf: Data("\(process.identifier)".utf8))
    }

    /// For how long, in s, it had nothing left of its quota while a process of it wanted to run.
    package var throttledTime: Double {
        let names = ["throttled_time": 1e9, "throttled_usec": 1e6]
        for line in contents(of: "cpu.stat").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let unit = names[String(words[0])], let value = Double(words[1]) else { continue }
            return value / unit
        }
        return 0
    }

    /// Quota and period, in µs: as version 2 has them in one file.
    package var bandwidth: String {
        get {
            let texts = isVersion2 ? [contents(of: "cpu.max")] : Self.version1.map(contents(of:))
            return texts.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: " ")
        }
        set {
            if isVersion2 { return write(newValue, to: "cpu.max") }
            for (name, text) in zip(Self.version1, newValue.split(separator: " ")).reversed() {
                write(text == "max" ? "-1" : String(text), to: name)
            }
        }
    }

    private static let version1 = ["cpu.cfs_quota_us", "cpu.cfs_period_us"]

    private var isVersion2: Bool { FileManager.default.fileExists(atPath: "\(path)/cpu.max") }

    private func contents(of name: String) -> String {
        (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? ""
    }

    private func write(_ text: String, to name: String) {
        try? Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}
