import Multifd
import SystemPackage

/// A guest in a directory, as ``SnapshotTarget`` wrote it.
public final class Snapshot: Sendable {
    /// The directory.
    public let path: String
    /// What it holds.
    public let manifest: SnapshotManifest
    let files: [MemoryFile]

    /// Opens a snapshot and checks that the manifest and the files fit each other; hashes are ``verify()``'s task.
    ///
    /// - Throws: ``SnapshotError``.
    public init(path: String) throws(SnapshotError) {
        self.path = path
        manifest = try Self.readManifest(path)
        var files: [MemoryFile] = []
        for block in manifest.ramBlocks {
            let file = try MemoryFile(block.file, in: path, name: block.name)
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
    func content(
        of file: SnapshotFile, maximumByteCount: Int = DeviceStateTail.maximumByteCount
    ) throws(SnapshotError) -> [UInt8] {
        let bytes = try FileContent.read("\(path)/\(file.file)", maximumByteCount: maximumByteCount)
        guard bytes.count == file.size else { throw .size(file: "\(path)/\(file.file)", expected: file.size) }
        let hash = FileContent.hash(bytes)
        guard hash == file.hash else {
            throw .hash(file: "\(path)/\(file.file)", expected: file.hash, found: hash)
        }
        return bytes
    }

    /// Reads all files and compares them with what the manifest says: sizes, hashes, counts of pages, and iterations.
    ///
    /// - Parameter progress: gets the share of RAM that has been compared, 0...1, at most ten times a second.
    /// - Throws: ``SnapshotError/hash(file:expected:found:)`` for the first file that differs, or another ``SnapshotError``.
    public func verify(_ progress: (Double) -> Void = { _ in }) throws(SnapshotError) {
        try verifySmallFiles()
        if manifest.recording != nil { _ = try Recording(self) }
        try verifyRAM(while: { true }, progress)
    }

    /// Does the same for a file of any size.
    ///
    /// - Parameter body: gets each piece, before all of them are known to be what was stored.
    func verify(_ file: SnapshotFile, _ body: (([UInt8]) throws -> Void)? = nil) throws(SnapshotError) {
        let path = "\(path)/\(file.file)"
        let (hash, _) = try FileContent.hash(ofFile: path, byteCount: file.size, body)
        guard hash == file.hash else { throw .hash(file: path, expected: file.hash, found: hash) }
    }

    /// Does the same for all but RAM and the recording.
    func verifySmallFiles() throws(SnapshotError) {
        for file in manifest.smallFiles { _ = try content(of: file) }
    }

    /// Does the same for RAM alone, and returns at once when it is not to go on.
    func verifyRAM(while goesOn: () -> Bool, _ progress: (Double) -> Void = { _ in }) throws(SnapshotError) {
        let pageCount = files.reduce(0) { $0 + $1.contentPageCount }
        var compared = 0
        var toldAt: MonotonicTime?
        func begin(_ pages: Range<Int>) -> Bool {
            let now = MonotonicTime.now
            if toldAt.map({ now.since($0) >= Patience.tick }) ?? true {
                toldAt = now
                progress(Double(compared) / Double(pageCount))
            }
            compared += pages.count
            return goesOn()
        }
        for (file, block) in zip(files, manifest.ramBlocks) {
            let found: PageHashes?
            do {
                found = try file.hashes(while: begin)
            } catch {
                throw SnapshotError(error, of: path)
            }
            guard let hashes = found else { return }
            guard hashes.value == block.hash else {
                throw .hash(file: "\(path)/\(block.file)", expected: block.hash, found: hashes.value)
            }
            guard hashes.contentPageCount == block.normal else {
                throw .inconsistent(
                    path: path,
                    problem: "'\(block.name)' has \(hashes.contentPageCount) pages that are not zero, but the manifest "
                        + "says \(block.normal)")
            }
        }
    }

    private static func readManifest(_ path: String) throws(SnapshotError) -> SnapshotManifest {
        let name = "\(path)/\(SnapshotManifest.fileName)"
        let bytes: [UInt8]
        do {
            bytes = try FileContent.read(name, maximumByteCount: SnapshotManifest.maximumTextByteCount)
        } catch .file(_, _, .fileTooLarge) {
            throw .manifestTooLarge(path: path, byteCount: nil)
        } catch .file(_, _, let errno) {
            throw .notSnapshot(path: path, reason: "its \(SnapshotManifest.fileName) cannot be read (\(errno))")
        }
        return try SnapshotManifest(decoding: bytes, path: path)
    }
}
