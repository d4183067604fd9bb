import Glibc
import Multifd
import MultifdQEMU

/// What `SOURCE` means on the command line.
enum SourceGuest {
    case image(path: String)
    case workload(WorkloadConfiguration)
    case snapshot(path: String)

    /// - Throws: ``WorkloadConfigurationError``.
    init(parsing text: String) throws(WorkloadConfigurationError) {
        if text.hasPrefix(WorkloadConfiguration.prefix) {
            self = .workload(try WorkloadConfiguration(parsing: text))
        } else {
            self = Self.isDirectory(text) ? .snapshot(path: text) : .image(path: text)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The guest. One with vCPUs runs already.
    func start(dirtyTracking: DirtyTracking) throws -> any Guest {
        switch self {
        case .image(let path):
            return try ImageGuest(paths: [path])
        case .snapshot(let path):
            return try SnapshotGuest(Snapshot(path: path))
        case .workload(let configuration):
            let guest = try WorkloadGuest(configuration: configuration, dirtyTracking: dirtyTracking)
            try guest.resume()
            return guest
        }
    }

    /// Whether the guest has vCPUs and they run again after a migration that failed.
    func isRunning(after error: MigrationError) -> Bool {
        switch (self, error) {
        case (.image, _), (.snapshot, _), (_, .handoverUnconfirmed): false
        case (.workload, _): true
        }
    }
}

extension SourceGuest: CustomStringConvertible {
    var description: String {
        switch self {
        case .image(let path), .snapshot(let path): path
        case .workload(let configuration): "\(configuration)"
        }
    }
}
