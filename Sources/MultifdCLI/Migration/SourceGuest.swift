import Multifd

/// What `SOURCE` means on the command line.
enum SourceGuest {
    case image(path: String)
    case workload(WorkloadConfiguration)

    /// - Throws: ``WorkloadConfigurationError``.
    init(parsing text: String) throws(WorkloadConfigurationError) {
        self =
            text.hasPrefix(WorkloadConfiguration.prefix)
            ? .workload(try WorkloadConfiguration(parsing: text)) : .image(path: text)
    }

    /// The guest. One with vCPUs runs already.
    func start(dirtyTracking: DirtyTracking) throws -> any Guest {
        switch self {
        case .image(let path):
            return try ImageGuest(paths: [path])
        case .workload(let configuration):
            let guest = try WorkloadGuest(configuration: configuration, dirtyTracking: dirtyTracking)
            try guest.resume()
            return guest
        }
    }

    /// Whether the guest has vCPUs and they run again after a migration that failed.
    func isRunning(after error: MigrationError) -> Bool {
        switch (self, error) {
        case (.image, _), (_, .handoverUnconfirmed): false
        case (.workload, _): true
        }
    }
}
