import Synchronization

/// A dirty log that also counts what each vCPU wrote, for a guest whose vCPUs write to parts of memory of their own.
final class VCPUDirtyLog: DirtyLog {
    private let base: any DirtyLog
    /// The pages of one vCPU in one block.
    struct Part: Sendable {
        let vcpu: Int
        let block: Int
        let pages: Range<Int>
    }
    private let parts: [Part]
    private let counts: Mutex<[Int]>

    /// - Parameter parts: in ascending order within each block, none overlapping.
    init(_ base: any DirtyLog, parts: [Part], vcpuCount: Int) {
        self.base = base
        self.parts = parts
        counts = Mutex(Array(repeating: 0, count: vcpuCount))
    }

    var name: String { base.name }

    /// Pages found written by each vCPU since the start.
    var writtenPageCounts: [Int] { counts.withLock { $0 } }

    func start() throws {
        counts.withLock { for vcpu in $0.indices { $0[vcpu] = 0 } }
        try base.start()
    }

    /// Syncs the parts one by one, and what lies between them.
    func sync(_ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap) throws {
        var next = pages.lowerBound
        for part in parts where part.block == block && part.pages.overlaps(pages) {
            let own = part.pages.clamped(to: pages)
            if next < own.lowerBound { try base.sync(next..<own.lowerBound, ofBlock: block, into: &bitmap) }
            let before = bitmap.marks.written
            try base.sync(own, ofBlock: block, into: &bitmap)
            let found = bitmap.marks.written - before
            counts.withLock { $0[part.vcpu] += found }
            next = own.upperBound
        }
        if next < pages.upperBound { try base.sync(next..<pages.upperBound, ofBlock: block, into: &bitmap) }
    }

    func stop() { base.stop() }

    /// See ``KernelDirtyLog/populatedAtStart(ofBlock:)``; nil for another log.
    func populatedAtStart(ofBlock block: Int) -> [Range<Int>]? {
        (base as? KernelDirtyLog)?.populatedAtStart(ofBlock: block)
    }
}
