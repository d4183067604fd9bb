import FoundationEssentials
import Multifd

/// A guest in a directory, as ``SnapshotTarget`` wrote it.
public final class Snapshot: Sendable {
    /// The directory.
    public let path: String
    /// What it holds.
    public let manifest: SnapshotManifest
    let files: [MemoryFile]

    private static let maximumManifestByteCount = 256 << 20

    /// Opens a snapshot and checks that the manifest and the files fit each other; hashes are ``verify()``'s task.
    ///
    /// - Throws: ``SnapshotError``.
    public init(path: String) throws(SnapshotError) {
        self.path = path
        manifest = try Self.readManifest(path)
        var files: [MemoryFile] = []
        for block in manifest.ramBlocks {
            let file = try MemoryFile(path: "\(path)/\(block.file)", name: block.name)
            guard file.block.byteCount == block.size else {
                throw .inconsistent(
                    path: path,
                    problem: "'\(block.file)' has \(file.block.byteCount) bytes, but the manifest says \(block.size)")
            }
            files.append(file)
        }
        self.files = files
    }

    /// The content of a small file, which must be what was stored.
    func content(of file: SnapshotFile) throws(SnapshotError) -> [UInt8] {
        let bytes = try FileContent.read("\(path)/\(file.file)", maximumByteCount: DeviceStateTail.maximumByteCount)
        let hash = FileContent.hash(bytes)
        guard hash == file.hash else {
            throw .hash(file: "\(path)/\(file.file)", expected: file.hash, found: hash)
        }
        return bytes
    }

    /// Reads all files and compares their hashes with those that were stored.
    ///
    /// - Throws: ``SnapshotError/hash(file:expected:found:)`` for the first file that differs.
    public func verify() throws(SnapshotError) {
        _ = try content(of: manifest.deviceState)
        if let machine = manifest.qemu {
            _ = try content(of: machine.configurationSection)
            for section in machine.earlySections { _ = try content(of: section.content) }
        }
        for (file, block) in zip(files, manifest.ramBlocks) {
            let hash: String
            do {
                hash = try file.hash()
            } catch {
                throw .inconsistent(path: path, problem: "\(error)")
            }
            guard hash == block.hash else {
                throw .hash(file: "\(path)/\(block.file)", expected: block.hash, found: hash)
            }
        }
    }

    private static func readManifest(_ path: String) throws(SnapshotError) -> SnapshotManifest {
        let name = "\(path)/\(SnapshotManifest.fileName)"
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(name, maximumByteCount: maximumManifestByteCount)
        } catch .file(_, _, let errno) {
            throw .notSnapshot(path: path, reason: "its \(SnapshotManifest.fileName) cannot be read (\(errno))")
        }
        // The version first: a later format may lack what is needed here.
        struct Version: Decodable {
            var format: String
            var version: Int
        }
        guard let version = try? JSONDecoder().decode(Version.self, from: Data(bytes)),
            version.format == SnapshotManifest.formatName
        else {
            throw .notSnapshot(path: path, reason: "its \(SnapshotManifest.fileName) is of another kind")
        }
        guard version.version <= SnapshotManifest.currentVersion else {
            throw .newer(path: path, version: version.version)
        }
        do {
            let manifest = try JSONDecoder().decode(SnapshotManifest.self, from: Data(bytes))
            try check(manifest, path)
            return manifest
        } catch let error as SnapshotError {
            throw error
        } catch {
            throw .inconsistent(path: path, problem: "its \(SnapshotManifest.fileName) lacks what belongs there")
        }
    }

    /// Whoever can write a manifest must not reach files outside the directory, or make sizes overflow.
    private static func check(_ manifest: SnapshotManifest, _ path: String) throws(SnapshotError) {
        var files = manifest.ramBlocks.map(\.file) + [manifest.deviceState.file]
        if let machine = manifest.qemu {
            files.append(machine.configurationSection.file)
            files += machine.earlySections.map(\.content.file)
        }
        guard files.allSatisfy({ !$0.isEmpty && !$0.contains("/") && $0 != "." && $0 != ".." }) else {
            throw .inconsistent(path: path, problem: "the manifest names a file outside the directory")
        }
        guard manifest.pageSize == Page.byteCount, !manifest.ramBlocks.isEmpty,
            Set(manifest.ramBlocks.map(\.name)).count == manifest.ramBlocks.count
        else {
            throw .inconsistent(path: path, problem: "its RAMBlocks do not have pages of 4 KiB and distinct names")
        }
        for block in manifest.ramBlocks {
            var end = 0
            for run in block.neverSent {
                guard run.count == 2, run[0] >= end, run[1] > 0, run[1] <= block.size >> 12 - run[0] else {
                    throw .inconsistent(path: path, problem: "the pages of '\(block.name)' that were never sent")
                }
                end = run[0] + run[1]
            }
        }
    }
}
