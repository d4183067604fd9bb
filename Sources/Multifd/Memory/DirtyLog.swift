/// Knows which pages the guest has written.
///
/// Calls come from one thread, the coordinator's, in this order: ``start()``, any number of ``sync(_:ofBlock:into:)``,
/// ``stop()``. What one of them throws ends the migration, and the guest runs on at the source.
public protocol DirtyLog: AnyObject, Sendable {
    /// How pages are found, for the report: `kernel`, `software`, or a name of the guest's own.
    var name: String { get }

    /// From here on every write is logged. Pages written before count as clean.
    func start() throws

    /// Marks the pages of a range that were written since it was last synced, and logs them anew, in one step: no write
    /// is lost between the two. A long log is synced range by range so that channels never wait for it.
    ///
    /// - Parameters:
    ///   - pages: page numbers within the block.
    ///   - block: the block's index in ``GuestMemory/blocks``.
    func sync(_ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap) throws

    /// Ends logging. The guest writes at full speed again.
    func stop()
}
