/// What `manifest.json` in a snapshot's directory says: all there is to know of the guest but the content of its memory
/// and devices, and where that is.
///
/// ```
/// DIR/manifest.json           this
/// DIR/ram-0-pc.ram.raw ...    a RAMBlock's content, sparse; fits QEMU's memory-backend-file
/// DIR/device-state.bin        QEMU: all that follows RAM in the stream, as it came
/// DIR/configuration.bin       QEMU: the stream's configuration section, as it came
/// DIR/early-0.bin ...         QEMU: sections of devices that came before the first page, as they came
/// DIR/recording.pages, .index with --record: how memory changed while it was received, see ``SnapshotRecording``
/// ```
/// Hashes are XXH3 with 64 bits, sixteen hexadecimal digits: over a whole file, as `xxhsum -H3` prints them, but for
/// RAM's and, from version 2 on, that of recording.pages, which ``SnapshotBlock/hash`` explains. Sizes are in bytes. A
/// reader refuses a ``version`` that it does not know, and takes no notice of keys that it does not know.
public struct SnapshotManifest: Codable, Hashable, Sendable {
    /// The last version that this release reads. It writes 2 with a recording, whose pages were hashed as one file in 1,
    /// and 1 without: that is the same in both.
    public static let currentVersion = 2
    static let formatName = "multifd-snapshot"
    static let fileName = "manifest.json"

    /// `multifd-snapshot`.
    public var format = SnapshotManifest.formatName
    /// Raised when older readers would misunderstand.
    public private(set) var version = 1
    /// When it was complete, ISO 8601.
    public var created: String
    /// Bytes in a page.
    public var pageSize = 4096
    /// The guest's memory, in the source's order.
    public var ramBlocks: [SnapshotBlock] = []
    /// Everything of the guest but its memory.
    public var deviceState: SnapshotFile
    /// What a native source said its guest is; nil for a guest of QEMU.
    public var configuration: String?
    /// What only a guest of QEMU has.
    public var qemu: SnapshotMachine?
    /// How memory changed while it was received, if that was to be kept.
    public var recording: SnapshotRecording?

    /// Sets the recording, and the version that it takes.
    mutating func set(_ recording: SnapshotRecording?) {
        self.recording = recording
        version = recording == nil ? 1 : Self.currentVersion
    }

    private enum CodingKeys: String, CodingKey {
        case format
        case version
        case created
        case pageSize = "page-size"
        case ramBlocks = "ram-blocks"
        case deviceState = "device-state"
        case configuration
        case qemu
        case recording
    }
}
