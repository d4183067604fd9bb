import FoundationEssentials
import Multifd
import MultifdQEMU
import SystemPackage

/// What `SOURCE` means on the command line.
enum SourceGuest {
    /// A file, or a directory with files: a RAMBlock each.
    case image(path: String)
    case workload(WorkloadConfiguration)
    case snapshot(path: String)
    /// A snapshot that knows how its memory changed.
    case replay(ReplaySource)

    /// Whether a text stands for a guest that writes while it is migrated.
    static func isLive(_ text: String) -> Bool {
        text.hasPrefix(WorkloadConfiguration.prefix) || text.hasPrefix(ReplaySource.prefix)
    }

    /// - Throws: ``WorkloadConfigurationError`` or ``ReplaySourceError``.
    init(parsing text: String) throws {
        if text.hasPrefix(ReplaySource.prefix) {
            self = .replay(try ReplaySource(parsing: text))
        } else if text.hasPrefix(WorkloadConfiguration.prefix) {
            self = .workload(try WorkloadConfiguration(parsing: text))
        } else {
            self = Self.isSnapshot(text) ? .snapshot(path: text) : .image(path: text)
        }
    }

    private static func isSnapshot(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/manifest.json")
    }

    /// The guest. One with vCPUs runs already.
    ///
    /// - Parameter verifies: whether a snapshot's hashes are compared beside, and a recording's before.
    func start(dirtyTracking: DirtyTracking, verifies: Bool = true) throws -> any Guest {
        switch self {
        case .image(let path):
            return try ImageGuest(paths: Self.images(in: path))
        case .snapshot(let path):
            return try SnapshotGuest(Snapshot(path: path), verifies: verifies)
        case .replay(let source):
            return try ReplayGuest(Recording(Snapshot(path: source.path), verifies: verifies), speed: source.speed)
        case .workload(let configuration):
            let guest = try WorkloadGuest(configuration: configuration, dirtyTracking: dirtyTracking)
            try guest.resume()
            return guest
        }
    }

    /// Throws what would make ``start(dirtyTracking:verifies:)`` fail, as far as that shows without memory for a workload.
    func check() throws {
        switch self {
        case .image, .snapshot: _ = try start(dirtyTracking: .auto, verifies: false)
        case .replay(let source): _ = try Recording(Snapshot(path: source.path))
        case .workload: break
        }
    }

    /// The file or the directory that the guest's memory comes from; nil when there is none.
    var path: String? {
        switch self {
        case .image(let path), .snapshot(let path): path
        case .replay(let source): source.path
        case .workload(let configuration): configuration.imagePath
        }
    }

    /// The images that a path stands for, in the order of their names.
    private static func images(in path: String) throws -> [String] {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
            return [path]
        }
        // Foundation's own error is for programmers.
        do { try FileDescriptor.open(FilePath(path), .readOnly, options: [.directory, .closeOnExec]).close() } catch {
            throw SourceGuestError.directoryUnreadable(path: path, error as? Errno ?? .ioError)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
        guard !names.isEmpty else { throw SourceGuestError.directoryEmpty(path: path) }
        guard !isPartOfSnapshot(path, names) else { throw SourceGuestError.incompleteSnapshot(path: path) }
        return names.map { "\(path)/\($0)" }
    }

    /// Whether a directory without a manifest is what is left of a snapshot: its files are no images, or not all of them.
    private static func isPartOfSnapshot(_ path: String, _ names: [String]) -> Bool {
        let hasRAM = names.contains { $0.hasPrefix("ram-") && $0.hasSuffix(".raw") }
        let hasOther = names.contains { $0 == "device-state.bin" || $0.hasPrefix("recording.") }
        return hasRAM && hasOther || URL(filePath: path).lastPathComponent.contains(".partial-")
    }

    /// Whether the guest has vCPUs and they run again after a migration that failed.
    func isRunning(after error: MigrationError) -> Bool {
        switch (self, error) {
        case (.image, _), (.snapshot, _), (.replay, _), (_, .handoverUnconfirmed): false
        case (.workload, _): true
        }
    }
}

extension SourceGuest: CustomStringConvertible {
    var description: String {
        switch self {
        case .image(let path), .snapshot(let path): path
        case .replay(let source): "\(source)"
        case .workload(let configuration): "\(configuration)"
        }
    }
}
