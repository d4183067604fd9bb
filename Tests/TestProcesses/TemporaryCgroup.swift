import Foundation

/// A cgroup with the cpu controller that a test makes and takes away.
package final class TemporaryCgroup {
    package let path: String

    /// Where cgroups with the controller can be made: version 1, then version 2; nil where the tests may not.
    package static let parent: String? = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"].first { parent in
        let path = "\(parent)/multifd-probe-\(getpid())"
        guard unsafe mkdir(path, 0o755) == 0 else { return false }
        defer { unsafe rmdir(path) }
        return ["cpu.max", "cpu.cfs_quota_us"].contains { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
    }

    package init() throws {
        path = "\(Self.parent ?? "")/multifd-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { unsafe rmdir(path) }

    package func add(_ process: BusyProcess) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(path)/cgroup.procs"))
        try file.write(contentsOf: Data("\(process.identifier)".utf8))
    }

    package var bandwidth: String {
        ["cpu.max", "cpu.cfs_quota_us"].lazy
            .compactMap { try? String(contentsOfFile: "\(self.path)/\($0)", encoding: .utf8) }.first ?? ""
    }
}
