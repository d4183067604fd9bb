import Synchronization

/// Receives a guest's memory and keeps it: to measure, to verify, or to look at (``RAMBlock/unsafeMemory``).
public final class MemoryTarget: MigrationTarget {
    private let received = Mutex<GuestMemory?>(nil)

    /// A target without memory yet.
    public init() {}

    /// The memory, once a guest has announced itself; complete when ``MigrationDestination/run()`` has returned, and nil
    /// again when it has thrown.
    public var memory: GuestMemory? { received.withLock { $0 } }

    /// Makes anonymous memory. Throws ``MemoryError``.
    public func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        let memory = try GuestMemory(
            blocks: guest.blocks.map { try RAMBlock(name: $0.name, byteCount: $0.size) })
        received.withLock { $0 = memory }
        return memory
    }

    /// Does nothing: there is nobody to run.
    public func load(deviceState: [UInt8]) {}

    /// Does nothing: the memory is where it is to be.
    public func commit() {}

    /// Does nothing: there is nobody to run.
    public func run() {}

    /// Drops the memory.
    public func abort() { received.withLock { $0 = nil } }
}
