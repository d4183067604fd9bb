public import Multifd

/// A snapshot as a guest that never runs, to be sent to a native peer: there `--snapshot` makes the same snapshot of it,
/// and `--output` an image of its memory.
///
/// A peer knows only what came. That it is what was stored is found here, beside sending: without its device state no
/// guest arrives.
public final class SnapshotGuest: Guest {
    /// The RAMBlocks, under the names that the source had for them.
    public let memory: GuestMemory
    /// That of a native guest that was saved; of a guest of QEMU, that it is one.
    public let configuration: String
    private let snapshot: Snapshot
    /// Nil when hashes are not compared.
    private let verification: SnapshotVerification?

    /// - Parameter verifies: whether the memory's hashes are compared, on a thread of its own from now on. It takes a core
    ///   from what is measured.
    /// - Throws: ``MemoryError`` or ``MigrationError/noThread(_:)``.
    public init(_ snapshot: Snapshot, verifies: Bool = true) throws {
        self.snapshot = snapshot
        memory = try GuestMemory(blocks: snapshot.files.map(\.block))
        configuration =
            snapshot.manifest.qemu == nil ? snapshot.manifest.configuration ?? "" : SnapshotBundle.configuration
        do { verification = verifies ? try SnapshotVerification(of: snapshot) : nil } catch {
            throw MigrationError.noThread(error)
        }
    }

    /// Nil: its pages never change.
    public var dirtyLog: (any DirtyLog)? { nil }
    /// Does nothing: it never runs.
    public func pause() {}
    /// Does nothing: it never runs.
    public func resume() {}
    /// Does nothing: it never runs.
    public func setThrottle(_ percentage: ThrottlePercentage) {}

    /// What was saved beside RAM, when RAM has been found to be what was stored.
    ///
    /// - Throws: ``SnapshotError``, above all ``SnapshotError/hash(file:expected:found:)``.
    public func saveDeviceState() throws -> [UInt8] {
        _ = try verification?.wait()
        guard snapshot.manifest.qemu != nil else { return try snapshot.content(of: snapshot.manifest.deviceState) }
        return try SnapshotBundle(snapshot).encode()
    }

    /// Where the files have data.
    public func contentRanges(ofBlock block: Int) -> [Range<Int>] { snapshot.files[block].content }
}
