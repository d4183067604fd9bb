import FoundationEssentials
import Multifd

extension SnapshotManifest {
    /// All files but the manifest and RAM.
    var smallFiles: [SnapshotFile] {
        [deviceState] + (qemu.map { [$0.configurationSection] + $0.earlySections.map(\.content) } ?? [])
    }

    /// The files of the recording.
    var recordingFiles: [SnapshotFile] { recording.map { [$0.pages, $0.index] } ?? [] }

    /// 4,096 RAMBlocks take 2 MiB, an iteration of a recording and a run of pages that were never sent less than 200 bytes
    /// each. Decoding takes memory in plenty, and what is decoded may come from a hostile peer.
    static let maximumTextByteCount = 32 << 20

    /// The text of `manifest.json`.
    ///
    /// - Parameter path: what errors call the snapshot.
    func encode(for path: String) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        guard text.count <= Self.maximumTextByteCount else {
            throw SnapshotError.manifestTooLarge(path: path, byteCount: text.count)
        }
        return text
    }

    /// Reads a manifest and checks what can be checked without the files.
    init(decoding bytes: [UInt8], path: String) throws(SnapshotError) {
        guard bytes.count <= Self.maximumTextByteCount else {
            throw .manifestTooLarge(path: path, byteCount: bytes.count)
        }
        guard let found = try? JSONDecoder().decode(Versioned.self, from: Data(bytes)), found.format == Self.formatName
        else {
            throw .notSnapshot(path: path, reason: "its \(Self.fileName) is of another kind")
        }
        guard found.version <= Self.currentVersion else {
            throw .newer(path: path, version: found.version)
        }
        guard found.version > 0 else {
            throw .inconsistent(path: path, problem: "its format version is \(found.version), but the first is 1")
        }
        guard let manifest = found.manifest else {
            throw .inconsistent(path: path, problem: "its \(Self.fileName) lacks what belongs there")
        }
        self = manifest
        try check(path)
    }

    /// The version, and the rest if it is all there: a later format may lack what is needed here.
    private struct Versioned: Decodable {
        let format: String
        let version: Int
        let manifest: SnapshotManifest?

        private enum CodingKeys: CodingKey {
            case format
            case version
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            format = try container.decode(String.self, forKey: .format)
            version = try container.decode(Int.self, forKey: .version)
            manifest = try? SnapshotManifest(from: decoder)
        }
    }

    /// All that messages and reports show as it is: not the configuration, which a native guest may have over lines.
    private var names: [String] {
        let files = smallFiles + recordingFiles
        return [created] + ramBlocks.flatMap { [$0.name, $0.file, $0.hash] } + files.flatMap { [$0.file, $0.hash] }
            + (qemu?.names ?? [])
    }

    /// Whoever can write a manifest must not reach files outside the directory, make sizes overflow, or write to terminals.
    func check(_ path: String) throws(SnapshotError) {
        if let text = names.first(where: \.hasControlCharacters) { throw .controlCharacters(path: path, text: text) }
        let files = ramBlocks.map(\.file) + (smallFiles + recordingFiles).map(\.file)
        guard files.allSatisfy({ !$0.isEmpty && !$0.contains("/") && !$0.utf8.contains(0) && $0 != "." && $0 != ".." }),
            Set(files + [Self.fileName]).count == files.count + 1
        else {
            throw .inconsistent(path: path, problem: "the manifest names a file twice, or outside the directory")
        }
        guard pageSize == Page.byteCount, !ramBlocks.isEmpty, Set(ramBlocks.map(\.name)).count == ramBlocks.count,
            ramBlocks.allSatisfy({
                $0.size > 0 && $0.size % Page.byteCount == 0 && (1...255).contains($0.name.utf8.count)
            })
        else {
            throw .inconsistent(path: path, problem: "its RAMBlocks do not have pages of 4 KiB and distinct names")
        }
        try checkSizes(path)
        if let (key, value) = impossibleValue {
            throw .inconsistent(path: path, problem: "its manifest has '\(value)' for '\(key)', which no guest has")
        }
        if let recording {
            guard !recording.iterations.isEmpty,
                recording.iterations.allSatisfy(\.isPossible),
                recording.iterations.reduce(0, { $0.addingReportingOverflow($1.runs).partialValue }) == recording.index
                    .size / RecordedRun.byteCount
            else {
                throw .inconsistent(path: path, problem: "its recording's iterations are not what its index holds")
            }
        }
        for block in ramBlocks {
            var end = 0
            for run in block.neverSent {
                guard run.count == 2, run[0] >= end, run[1] > 0, run[0] < block.size >> Page.shift,
                    run[1] <= block.size >> Page.shift - run[0]
                else {
                    throw .inconsistent(path: path, problem: "the pages of '\(block.name)' that were never sent")
                }
                end = run[0] + run[1]
            }
            guard block.hasPossibleCounts else {
                throw .inconsistent(path: path, problem: "the counts of pages of '\(block.name)' do not add up")
            }
        }
    }

    /// A text or a number beside sizes and counts that no guest has, and under which key.
    private var impossibleValue: (key: String, value: String)? {
        created.isEmpty ? (key: "created", value: created) : qemu?.impossibleValue
    }

    /// More than any guest has, and little enough for sums.
    private static let maximumByteCount = 1 << 50

    private func checkSizes(_ path: String) throws(SnapshotError) {
        let sizes =
            ramBlocks.map(\.size) + (smallFiles + recordingFiles).map(\.size) + (qemu?.deviceSections.map(\.size) ?? [])
        let maximum = Self.maximumByteCount
        guard sizes.allSatisfy({ (0...maximum).contains($0) }),
            ramBlocks.reduce(0, { min($0 + $1.size, maximum + 1) }) <= maximum
        else {
            throw .inconsistent(path: path, problem: "the manifest has sizes that no guest has")
        }
    }
}

extension SnapshotBlock {
    /// Whether its pages are counted once each. Its size and its runs have been checked.
    fileprivate var hasPossibleCounts: Bool {
        let pageCount = size >> Page.shift
        return (0...pageCount).contains(normal) && (neverSentCount...pageCount).contains(duplicate)
            && normal + duplicate == pageCount
    }
}

extension SnapshotMachine {
    fileprivate var names: [String] {
        [machine, uuid, multifdCompression, sourceVersion?.package ?? ""] + capabilities + sourceHints
            + deviceSections.map(\.name)
    }

    fileprivate var impossibleValue: (key: String, value: String)? {
        let texts = [
            ("machine", [machine]), ("capabilities", capabilities), ("multifd-compression", [multifdCompression]),
            ("source-hints", sourceHints), ("name", deviceSections.map(\.name)),
        ]
        for (key, values) in texts where values.contains("") { return (key, "") }
        guard uuid.utf8.count == 32, uuid.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
            return ("uuid", uuid)
        }
        let version = sourceVersion.map { [$0.major, $0.minor, $0.micro] } ?? []
        let numbers = [
            ("multifd-channels", [multifdChannels], 0...255), ("source-version", version, 0...Int.max),
            ("instance", deviceSections.map(\.instance), 0...Int(UInt32.max)),
            ("version", deviceSections.map(\.version), 0...Int(UInt32.max)),
        ]
        for (key, values, range) in numbers {
            if let value = values.first(where: { !range.contains($0) }) { return (key, "\(value)") }
        }
        return nil
    }
}
