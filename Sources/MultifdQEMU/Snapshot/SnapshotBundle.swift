import FoundationEssentials
import Multifd

/// All of a snapshot but its RAM, in one piece: what a snapshot that is sent to a native peer has for a device state, so
/// that a snapshot arrives.
///
/// ```
/// be32 count, count × { be32 n, n bytes: the file's name; be64 n, n bytes: its content }; the manifest is the first
/// ```
struct SnapshotBundle {
    /// What a guest with such a device state has for a configuration.
    static let configuration = "qemu-snapshot"

    var manifest: SnapshotManifest
    var files: [String: [UInt8]]

    /// Of a snapshot of a guest of QEMU.
    init(_ snapshot: Snapshot) throws {
        manifest = snapshot.manifest
        // It is not the guest's, and stays here.
        manifest.set(nil)
        files = [:]
        for file in manifest.smallFiles { files[file.file] = try snapshot.content(of: file) }
    }

    func encode() throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt32(files.count + 1))
        func append(_ name: String, _ content: [UInt8]) {
            writer.append(name)
            writer.append(UInt64(content.count))
            writer.append(content)
        }
        append(SnapshotManifest.fileName, try manifest.encode(for: "the snapshot that is sent"))
        for (name, content) in files.sorted(by: { $0.key < $1.key }) { append(name, content) }
        return writer.bytes
    }

    /// Decodes what a peer sent, and checks all of it but the RAM.
    init(decoding bytes: [UInt8]) throws {
        var reader = MessageReader("the snapshot that is sent", bytes)
        let count: UInt32 = try reader.integer()
        var found: [String: [UInt8]] = [:]
        for _ in 0..<count {
            let name = try reader.string("a file's name", maximumByteCount: 255)
            let byteCount: UInt64 = try reader.integer()
            guard let content = Int(exactly: byteCount) else {
                throw WireError.field(
                    what: "the snapshot that is sent", field: "a size", expected: "less", found: "\(byteCount)")
            }
            found[name] = Array(try reader.raw(content))
        }
        try reader.finish()
        manifest = try SnapshotManifest(
            decoding: found[SnapshotManifest.fileName] ?? [], path: "the snapshot that is sent")
        found[SnapshotManifest.fileName] = nil
        files = [:]
        for file in manifest.smallFiles {
            let content = found[file.file] ?? []
            guard content.count == file.size else { throw SnapshotError.size(file: file.file, expected: file.size) }
            let hash = FileContent.hash(content)
            guard hash == file.hash else {
                throw SnapshotError.hash(file: file.file, expected: file.hash, found: hash)
            }
            files[file.file] = content
        }
    }
}
