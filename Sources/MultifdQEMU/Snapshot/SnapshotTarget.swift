import FoundationEssentials
public import Multifd
import Synchronization
import SystemPackage

/// Receives a guest, QEMU's or ours, into a directory: one sparse file for each RAMBlock, its device state, and a
/// ``SnapshotManifest``.
///
/// The directory is filled under another name beside the wanted one, and renamed at the commit: it is complete or absent.
public final class SnapshotTarget: RecordingTarget {
    /// The wanted directory.
    public let path: String
    private let records: Bool
    private let state: Mutex<State>

    private struct State: ~Copyable, Sendable {
        var directory: PartialDirectory?
        var writeback: Writeback?
        var blocks: [SnapshotBlock] = []
        var configuration: String?
        var deviceState: [UInt8] = []
        var machine: MachineState?
        var bundle: SnapshotBundle?
        var sourceVersion: QEMUVersion?
        var sourceID: SessionID?
        var recorder: HashRecorder?
        var manifest: SnapshotManifest?
    }

    /// - Parameters:
    ///   - path: where the directory is to be after the commit. There must be nothing.
    ///   - records: whether to keep a ``SnapshotRecording``, too.
    /// - Throws: ``SnapshotError``.
    public init(path: String, records: Bool = false) throws(SnapshotError) {
        try PartialDirectory.check(path)
        self.path = path
        self.records = records
        state = Mutex(State())
        // Its first use loads a calendar: 4 ms that a paused guest would wait for at the commit.
        _ = Date().ISO8601Format()
    }

    /// The manifest, after the commit.
    public var manifest: SnapshotManifest? { state.withLock { $0.manifest } }

    /// Keeps the pages' hashes, from ``prepare(for:)`` on, and what came when, if that was asked for.
    package var recorder: (any PageRecorder)? { state.withLock { $0.recorder } }

    /// The source's version, for the manifest, if it is known from elsewhere than the stream.
    public func setSourceVersion(_ version: QEMUVersion) { state.withLock { $0.sourceVersion = version } }

    /// The source's UUID, for the manifest: without channels the stream need not say it.
    func setSourceID(_ id: SessionID) { state.withLock { $0.sourceID = id } }

    /// Makes the directory and the files of all RAMBlocks. Throws ``SnapshotError`` or ``MemoryError``.
    public func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        try state.withLock { state in
            var directory = try PartialDirectory(path: path)
            var blocks: [RAMBlock] = []
            for (index, block) in guest.blocks.enumerated() {
                let file = Self.fileName(of: block.name, index)
                let descriptor = try directory.addFile(file, byteCount: block.size)
                defer { try? descriptor.close() }  // the block has its own
                blocks.append(
                    try RAMBlock(
                        name: block.name, byteCount: block.size, backing: .sharedFile(descriptor),
                        path: "\(directory.partialPath)/\(file)"))
                state.blocks.append(
                    SnapshotBlock(
                        name: block.name, size: block.size, file: file, hash: "", normal: 0, duplicate: 0,
                        neverSent: []))
            }
            let recorder = records ? try Recorder(of: blocks, in: &directory) : nil
            state.recorder = try HashRecorder(of: blocks, recorder: recorder)
            state.configuration = guest.configuration
            state.directory = consume directory
            state.writeback = Writeback(of: blocks) { recorder?.startWriteback() }
            return try GuestMemory(blocks: blocks)
        }
    }

    /// Keeps a native guest's device state, or what belongs to a snapshot that is sent.
    ///
    /// - Throws: ``SnapshotError`` or ``WireError`` when such a snapshot does not fit what came.
    public func load(deviceState: [UInt8]) throws {
        try state.withLock { state in
            if state.configuration == SnapshotBundle.configuration {
                let bundle = try SnapshotBundle(decoding: deviceState)
                let sent = bundle.manifest.ramBlocks.map { RAMBlockInfo(name: $0.name, size: $0.size) }
                guard sent == state.blocks.map({ RAMBlockInfo(name: $0.name, size: $0.size) }) else {
                    throw SnapshotError.inconsistent(path: path, problem: "its manifest has other RAMBlocks than came")
                }
                state.bundle = bundle
            } else {
                state.deviceState = deviceState
            }
        }
    }

    /// Keeps what a QEMU sent beside RAM.
    func load(_ machine: MachineState) {
        state.withLock { state in
            state.machine = machine
            state.deviceState = machine.deviceState
            for (index, runs) in machine.neverSent.enumerated() {
                state.blocks[index].neverSent = runs.map { [$0.lowerBound, $0.count] }
                state.blocks[index].address = machine.blocks[index].address
            }
        }
    }

    /// Writes the manifest, waits until everything is on the disk, and gives the directory its name. Throws
    /// ``SnapshotError``.
    public func commit() throws {
        try state.withLock { state in
            guard var directory = state.directory.take() else { return }
            state.writeback = nil
            do {
                let manifest = try Self.finish(&directory, state)
                // What would not be read is not written.
                try manifest.check(path)
                try FileContent.write(manifest.encode(for: path), to: directory.add(SnapshotManifest.fileName))
                try directory.commit()
                state.manifest = manifest
                state.directory = consume directory
            } catch {
                state.directory = consume directory
                throw error
            }
        }
    }

    /// Does nothing: there is nobody to run.
    public func run() {}

    /// Removes what was written.
    public func abort() {
        state.withLock { state in
            if state.manifest != nil { state.directory?.retract() }
            state.manifest = nil
            state.recorder = nil
            state.writeback = nil
            state.directory = nil
        }
    }

    /// `ram-0-pc.ram.raw`: names of RAMBlocks come from the peer and hold characters that file names must not have.
    private static func fileName(of name: String, _ index: Int) -> String {
        let plain = name.prefix(80).map { character in
            character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
                ? character : "_"
        }
        return "ram-\(index)-\(String(plain)).raw"
    }
}

extension SnapshotTarget {
    private static func finish(
        _ directory: inout PartialDirectory, _ state: borrowing State
    ) throws -> SnapshotManifest {
        var manifest = try describe(describe(state.blocks, state.recorder?.hashes ?? []), state, &directory)
        manifest.set(try state.recorder?.recorder?.finish())
        return manifest
    }

    private static func describe(
        _ blocks: [SnapshotBlock], _ state: borrowing State, _ directory: inout PartialDirectory
    ) throws -> SnapshotManifest {
        if let bundle = state.bundle { return try store(bundle, blocks, &directory) }
        var manifest = SnapshotManifest(
            created: Date().ISO8601Format(),
            deviceState: try write(state.deviceState, as: "device-state.bin", &directory))
        manifest.ramBlocks = blocks
        if let machine = state.machine {
            manifest.qemu = try describe(machine, state.sourceVersion, state.sourceID, &directory)
        } else {
            manifest.configuration = state.configuration
        }
        return manifest
    }

    private static func describe(_ blocks: [SnapshotBlock], _ hashes: [PageHashes]) -> [SnapshotBlock] {
        zip(blocks, hashes).map { block, hashes in
            var block = block
            block.hash = hashes.value
            block.normal = hashes.contentPageCount
            block.duplicate = block.size >> Page.shift - block.normal
            return block
        }
    }

    /// Stores a snapshot that was sent, whose RAM must be what its manifest says.
    private static func store(
        _ bundle: SnapshotBundle, _ blocks: [SnapshotBlock], _ directory: inout PartialDirectory
    ) throws -> SnapshotManifest {
        var manifest = bundle.manifest
        for (index, block) in blocks.enumerated() {
            guard manifest.ramBlocks[index].hash == block.hash else {
                throw SnapshotError.hash(
                    file: block.file, expected: manifest.ramBlocks[index].hash, found: block.hash)
            }
            manifest.ramBlocks[index].file = block.file
            // Counted here, and not by the peer.
            manifest.ramBlocks[index].normal = block.normal
            manifest.ramBlocks[index].duplicate = block.duplicate
        }
        for (name, content) in bundle.files { try FileContent.write(content, to: directory.add(name)) }
        return manifest
    }

    private static func describe(
        _ machine: MachineState, _ version: QEMUVersion?, _ sourceID: SessionID?, _ directory: inout PartialDirectory
    ) throws(SnapshotError) -> SnapshotMachine {
        var early: [SnapshotMachine.EarlySection] = []
        for (index, section) in machine.earlySections.enumerated() {
            early.append(
                SnapshotMachine.EarlySection(
                    content: try write(section.bytes, as: "early-\(index).bin", &directory),
                    isAfterRAMStart: section.isAfterRAMStart))
        }
        let id = sourceID ?? machine.sessionID ?? SessionID(high: 0, low: 0)
        let uuid = machine.configuration.uuid.map { $0.map(\.hexadecimal).joined() }
        return SnapshotMachine(
            machine: machine.configuration.machine,
            uuid: uuid ?? id.high.hexadecimal + id.low.hexadecimal,
            capabilities: machine.configuration.capabilities,
            ramSectionID: machine.ramSectionID,
            syncMode: machine.syncMode,
            multifdChannels: machine.channelCount,
            multifdCompression: machine.compression.rawValue,
            returnPath: machine.hasReturnPath,
            sourceHints: machine.hints,
            sourceVersion: version,
            configurationSection: try write(machine.configuration.bytes, as: "configuration.bin", &directory),
            earlySections: early,
            deviceSections: machine.deviceSections)
    }

    private static func write(
        _ bytes: [UInt8], as file: String, _ directory: inout PartialDirectory
    ) throws(SnapshotError) -> SnapshotFile {
        try FileContent.write(bytes, to: directory.add(file))
        return SnapshotFile(file: file, size: bytes.count, hash: FileContent.hash(bytes))
    }
}
