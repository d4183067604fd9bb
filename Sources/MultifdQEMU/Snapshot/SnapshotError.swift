import Multifd
public import SystemPackage

/// Why a snapshot could not be written or read.
public enum SnapshotError: Error, Equatable {
    /// There is something under the name already.
    case exists(path: String)
    /// A file or directory could not be used.
    case file(path: String, operation: String, Errno)
    /// The directory holds no snapshot.
    case notSnapshot(path: String, reason: String)
    /// It was written by a later release.
    case newer(path: String, version: Int)
    /// The manifest and the files do not fit each other.
    case inconsistent(path: String, problem: String)
    /// The manifest has more bytes, a known number or not, than are read.
    case manifestTooLarge(path: String, byteCount: Int?)
    /// A name in the manifest would do something to a terminal that shows it.
    case controlCharacters(path: String, text: String)
    /// A file is not as large as the one that was stored, or none.
    case size(file: String, expected: Int)
    /// A file's content is not what was stored.
    case hash(file: String, expected: String, found: String)
    /// It does not hold how its memory came to be what it is.
    case notRecorded(path: String)
    /// It holds a guest of another program than is needed.
    case notQEMU(path: String)
}

extension SnapshotError {
    /// What memory of a snapshot met: a file that cannot be used, as when no descriptor is left, is not damaged.
    init(_ error: MemoryError, of path: String) {
        self =
            switch error {
            case .file(let file, let operation, let errno): .file(path: file, operation: operation, errno)
            case .mappingFailed(_, _, let errno): .file(path: path, operation: "map the memory of", errno)
            default: .inconsistent(path: path, problem: "\(error)")
            }
    }
}

extension SnapshotError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .exists(let path):
            "'\(path)' exists already: choose another name for the snapshot, or remove it"
        case .file(let path, let operation, .tooManyOpenFiles):
            "cannot \(operation) '\(path)': \(Errno.tooManyOpenFiles); allow more descriptors (ulimit -n)"
        case .file(let path, let operation, let errno):
            "cannot \(operation) '\(path)': \(errno)"
        case .notSnapshot(let path, let reason):
            "'\(path)' is no snapshot: \(reason)"
        case .newer(let path, let version):
            "the snapshot '\(path)' is of format version \(version), but this release reads version "
                + "\(SnapshotManifest.currentVersion): install the release that wrote it"
        case .inconsistent(let path, let problem):
            "the snapshot '\(path)' is damaged: \(problem)"
        case .manifestTooLarge(let path, let byteCount):
            "the snapshot '\(path)' has a manifest of \(byteCount.map(String.init) ?? "too many") bytes, but at most "
                + "\(SnapshotManifest.maximumTextByteCount) are read: no guest and no recording of reasonable length needs more"
        case .controlCharacters(let path, let text):
            "the snapshot '\(path)' has '\(text.escapingControlCharacters)' in its manifest, but control characters belong "
                + "in no name: do not trust it"
        case .size(let file, let expected):
            "'\(file)' is damaged: it is no file of the \(expected) bytes that were stored"
        case .hash(let file, let expected, let found):
            "'\(file)' is damaged: its hash is \(found), but \(expected) was stored"
        case .notRecorded(let path):
            "the snapshot '\(path)' has no recording that could be replayed: make it with --record"
        case .notQEMU(let path):
            "the snapshot '\(path)' is of a guest that is not QEMU's: send it to 'multifd receive'"
        }
    }
}
