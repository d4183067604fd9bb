/// The guest that is migrated.
public struct GuestInfo: Codable, Hashable, Sendable {
    /// Its RAM, in the order in which both ends number the blocks.
    public var ramBlocks: [RAMBlockInfo] = []
    /// Its ``Guest/configuration``; nil when that is empty.
    public var workload: String?
    /// Steps that each vCPU has executed.
    public var steps: [UInt64] = []
    /// How fast it ran during the migration, in % of its speed without one; nil for a guest that does not run, or does not
    /// count its steps.
    public var speed: Double?
    /// How pages it writes are found: ``DirtyLog/name``; nil for a guest that never runs.
    public var dirtyTracking: String?
    /// When the recording that it plays had ended, since its beginning: it has written nothing from then on, and converges
    /// whatever the recorded guest would have done. Nil when the migration ended before.
    public var recordingEnd: Duration? {
        get { encodedRecordingEnd?.wrappedValue }
        set { encodedRecordingEnd = newValue.map(WholeMilliseconds.init) }
    }

    // Stored as it is written, because a property wrapper cannot leave a nil out of the document.
    private var encodedRecordingEnd: WholeMilliseconds?

    /// Nothing known.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case ramBlocks = "ram-blocks"
        case workload
        case steps
        case speed = "guest-speed"
        case dirtyTracking = "dirty-tracking"
        case encodedRecordingEnd = "recording-end"
    }
}
