/// What a snapshot knows of a guest of QEMU beside its memory.
public struct SnapshotMachine: Codable, Hashable, Sendable {
    /// When a multifd source makes its channels meet.
    public enum SyncMode: String, Codable, Sendable {
        /// It had no channels.
        case none
        /// At the end of each round over RAM: machine types of QEMU 8.1 and later.
        case round
        /// At the end of each section: older machine types.
        case section
    }

    /// A device's section that came before the first page.
    public struct EarlySection: Codable, Hashable, Sendable {
        /// The section as it came.
        public var content: SnapshotFile
        /// Whether it stood behind the list of RAMBlocks or before it.
        public var isAfterRAMStart: Bool

        private enum CodingKeys: String, CodingKey {
            case content
            case isAfterRAMStart = "after-ram-start"
        }
    }

    /// The resolved machine type: the destination must have the same.
    public var machine: String
    /// Thirty-two hexadecimal digits, zeros for a guest without one.
    public var uuid: String
    /// Migration capabilities that the stream shows.
    public var capabilities: [String]
    /// The number of RAM's sections.
    public var ramSectionID: UInt32
    /// How channels met.
    public var syncMode: SyncMode
    /// Channels beside the main one.
    public var multifdChannels: Int
    /// How the channels encoded pages.
    public var multifdCompression: String
    /// Whether the source waited for the destination's word.
    public var returnPath: Bool
    /// What the stream shows of the source's version.
    public var sourceHints: [String]
    /// The source's version, when it was asked over QMP.
    public var sourceVersion: QEMUVersion?
    /// The configuration section.
    public var configurationSection: SnapshotFile
    /// Sections before the first page.
    public var earlySections: [EarlySection]
    /// The sections of the device state, early ones first; empty when the machine suppresses its description.
    public var deviceSections: [DeviceSection]

    private enum CodingKeys: String, CodingKey {
        case machine
        case uuid
        case capabilities
        case ramSectionID = "ram-section-id"
        case syncMode = "sync-mode"
        case multifdChannels = "multifd-channels"
        case multifdCompression = "multifd-compression"
        case returnPath = "return-path"
        case sourceHints = "source-hints"
        case sourceVersion = "source-version"
        case configurationSection = "configuration-section"
        case earlySections = "early-sections"
        case deviceSections = "device-sections"
    }
}
