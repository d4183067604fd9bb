import Synchronization
import SystemPackage

/// A dirty log that the kernel keeps: userfaultfd's asynchronous write-protection, read and armed anew by one
/// PAGEMAP_SCAN pass. Needs Linux 6.7 and no privilege.
///
/// It works on anonymous memory and on private and shared mappings of files alike, sees writes of all threads and of
/// system calls, and costs a fault at a page's first write after each sync. Huge pages are split where they are written,
/// so that the log has the granularity of a page.
public final class KernelDirtyLog: DirtyLog {
    /// `kernel`.
    public let name = "kernel"

    private let memory: GuestMemory
    // A lock that is never contended: calls come from one thread, but not always from the same.
    private let session = Mutex<Session?>(nil)

    private struct Session: ~Copyable, Sendable {
        let protection: WriteProtection
        var pageMap: PageMap
        /// Pages of each block that had memory when they were protected.
        let populated: [PageRuns]
    }

    /// A log of all writes to `memory`.
    ///
    /// - Throws: ``DirtyLogError`` that names what is missing here.
    public init(memory: GuestMemory) throws(DirtyLogError) {
        try Self.checkAvailability()
        self.memory = memory
    }

    deinit { stop() }

    /// Finds out whether this kernel and this process's permissions allow it.
    ///
    /// - Throws: ``DirtyLogError`` that names what is missing.
    public static func checkAvailability() throws(DirtyLogError) {
        _ = try WriteProtection()
        _ = try openPageMap()
    }

    /// Write-protects all of the guest's memory. See ``DirtyLog/start()``.
    ///
    /// - Throws: ``DirtyLogError``; nothing is protected then.
    public func start() throws(DirtyLogError) {
        stop()
        var pageMap = try Self.openPageMap()
        let protection = try WriteProtection()
        var populated: [PageRuns] = []
        for block in memory.blocks {
            var runs = PageRuns()
            do throws(Errno) {
                try protection.register(block)
            } catch {
                throw .registrationFailed(block: block.name, error)
            }
            do throws(Errno) {
                try pageMap.scan(0..<block.pageCount, of: block, for: .protectAll) { pages, categories in
                    if PageMap.Query.isPopulated(categories) { runs.append(pages) }
                }
            } catch {
                throw .scanFailed(block: block.name, error)
            }
            populated.append(runs)
        }
        var new: Session? = Session(protection: protection, pageMap: pageMap, populated: populated)
        session.withLock { $0 = new.take() }
    }

    /// See ``DirtyLog/sync(_:ofBlock:into:)``.
    ///
    /// - Throws: ``DirtyLogError``.
    public func sync(
        _ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap
    ) throws(DirtyLogError) {
        let memory = memory
        try session.withLock { session throws(DirtyLogError) in
            guard session != nil else { throw .notStarted }
            do throws(Errno) {
                try session?.pageMap.scan(pages, of: memory.blocks[block], for: .takeWritten) { run, _ in
                    bitmap.mark(run, inBlock: block)
                }
            } catch {
                throw .scanFailed(block: memory.blocks[block].name, error)
            }
        }
    }

    /// Takes the protection off. See ``DirtyLog/stop()``.
    public func stop() {
        session.withLock { session in
            guard let ended = session.take() else { return }
            for block in memory.blocks { ended.protection.unregister(block) }
        }
    }

    /// Pages of an anonymous block that had memory at ``start()``; all others held zeros then, and what was written
    /// since is in the log. Nil while the log is stopped.
    package func populatedAtStart(ofBlock block: Int) -> [Range<Int>]? {
        session.withLock { session in
            guard session != nil else { return nil }
            return session?.populated[block].runs
        }
    }

    private static func openPageMap() throws(DirtyLogError) -> PageMap {
        let pageMap: PageMap
        do throws(Errno) {
            pageMap = try PageMap()
        } catch {
            throw .pageMapUnavailable(error)
        }
        guard pageMap.isScannable else { throw .pageMapScanMissing(kernelRelease: WriteProtection.kernelRelease) }
        return pageMap
    }
}
