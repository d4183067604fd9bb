import Multifd
import MultifdQEMU

/// What `multifd inspect --json` prints: the manifest, and how far it has been found true; or why it has not.
struct SnapshotDocument: Encodable {
    private let result: Result<SnapshotManifest, any Error>
    private let isVerified: Bool

    /// - Parameter isVerified: whether all hashes have been compared.
    init(_ result: Result<SnapshotManifest, any Error>, isVerified: Bool) {
        self.result = result
        self.isVerified = isVerified
    }

    private enum CodingKeys: String, CodingKey {
        case status
        case errorDescription = "error-desc"
        case verified
    }

    func encode(to encoder: any Encoder) throws {
        if case .success(let manifest) = result { try manifest.encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch result {
        case .success:
            try container.encode(MigrationStatus.completed, forKey: .status)
            try container.encode(isVerified, forKey: .verified)
        case .failure(let error):
            try container.encode(MigrationStatus.failed, forKey: .status)
            try container.encode("\(error)", forKey: .errorDescription)
        }
    }
}
