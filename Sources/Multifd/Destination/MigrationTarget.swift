/// What receives a guest at the destination: the memory it goes to, and what becomes of it. A VMM implements it over its
/// own machine.
///
/// Calls come from the destination's thread in this order: `prepare`, then `load`, `commit`, `run`; or `abort` at any
/// point before `commit` has returned, even before `prepare`.
public protocol MigrationTarget: AnyObject, Sendable {
    /// Makes room for the guest. All of the memory must read as zero.
    ///
    /// What is thrown is told to the source as the reason for refusing the guest.
    func prepare(for guest: IncomingGuest) throws -> GuestMemory

    /// All pages are in and verified. Takes the device state over; the guest must not run yet. When it throws, the source
    /// keeps the guest.
    ///
    /// - Parameter deviceState: what ``Guest/saveDeviceState()`` gave at the source, from the peer: check every byte.
    func load(deviceState: [UInt8]) throws

    /// The source has given the guest away. Makes it permanent here. When it throws, the source keeps the guest.
    func commit() throws

    /// The source knows. Lets the guest run. When it throws, so does ``MigrationDestination/run()``, and the guest stays
    /// here: it is nowhere else any more.
    func run() throws

    /// The migration failed: drops all that came.
    func abort()

    /// How far the guest has come, once it runs here; nil for a target that does not run it, or does not count.
    var progress: GuestProgress? { get }
}

extension MigrationTarget {
    /// Nil: it does not count.
    public var progress: GuestProgress? { nil }
}
