/// What a migration needs from a guest at the source. A VMM implements it over its own machine; the built-in guests do
/// over a workload.
///
/// All calls come from the coordinator's thread. What one of them throws ends the migration, as
/// ``MigrationError/guest(operation:reason:)``, and the guest runs on at the source.
public protocol Guest: AnyObject, Sendable {
    /// The guest's RAM: at most 4096 RAMBlocks, and 16 TiB.
    var memory: GuestMemory { get }

    /// Tells which pages the guest writes, or nil for a guest that never runs, such as a memory image.
    var dirtyLog: (any DirtyLog)? { get }

    /// What a destination of the same program needs to build this guest again, such as `workload:stress,ram=1GiB`.
    /// At most 4096 bytes of UTF-8, without control characters.
    var configuration: String { get }

    /// Stops all vCPUs. Returns when none of them executes any more; nothing writes to RAM from then on.
    func pause() throws

    /// Lets the vCPUs run on from where they were paused. Called when a migration has failed, even in ``pause()``; what it
    /// throws is logged.
    func resume() throws

    /// Takes away a share of each vCPU's time. It may be called at any time and takes effect within 10 ms.
    func setThrottle(_ percentage: ThrottlePercentage)

    /// Everything but RAM that the guest needs to run on, at most 256 MiB. Called while it is paused.
    func saveDeviceState() throws -> [UInt8]

    /// About how large the device state will be, in bytes: the downtime is estimated with it.
    var expectedDeviceStateByteCount: Int { get }

    /// How far the guest has come, called while it runs; nil for a guest that does not count. It gives reports the
    /// guest's speed.
    var progress: GuestProgress? { get }

    /// Where in each block there may be anything but zero pages, as ranges of page numbers in ascending order; the
    /// rest of the block is known to be zero and is neither read nor sent. Asked once the dirty log has started, so that
    /// what the guest writes later is not missed. The default is the whole block.
    func contentRanges(ofBlock block: Int) throws -> [Range<Int>]
}

extension Guest {
    /// 64 KiB.
    public var expectedDeviceStateByteCount: Int { 64 << 10 }

    /// Nil: it does not count.
    public var progress: GuestProgress? { nil }

    /// The whole block.
    public func contentRanges(ofBlock block: Int) throws -> [Range<Int>] {
        [0..<memory.blocks[block].pageCount]
    }
}
