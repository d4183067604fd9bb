public import Multifd

/// A snapshot as a guest that never runs, to be sent to a native peer: there `--snapshot` makes the same snapshot of it,
/// with hashes compared, and `--output` an image of its memory.
public final class SnapshotGuest: Guest {
    /// The RAMBlocks, under the names that the source had for them.
    public let memory: GuestMemory
    /// That of a native guest that was saved; of a guest of QEMU, that it is one.
    public let configuration: String
    private let snapshot: Snapshot

    /// - Throws: ``MemoryError``.
    public init(_ snapshot: Snapshot) throws {
        self.snapshot = snapshot
        memory = try GuestMemory(blocks: snapshot.files.map(\.block))
        configuration =
            snapshot.manifest.qemu == nil ? snapshot.manifest.configuration ?? "" : SnapshotBundle.configuration
    }

    /// Nil: its pages never change.
    public var dirtyLog: (any DirtyLog)? { nil }
    /// Does nothing: it never runs.
    public func pause() {}
    /// Does nothing: it never runs.
    public func resume() {}
    /// Does nothing: it never runs.
    public func setThrottle(_ percentage: ThrottlePercentage) {}

    /// What was saved beside RAM.
    public func saveDeviceState() throws -> [UInt8] {
        guard snapshot.manifest.qemu != nil else { return try snapshot.content(of: snapshot.manifest.deviceState) }
        return try SnapshotBundle(snapshot).encode()
    }

    /// Where the files have data.
    public func contentRanges(ofBlock block: Int) -> [Range<Int>] { snapshot.files[block].content }
}
