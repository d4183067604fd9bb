import Multifd

/// The dirty log of a guest that is replayed.
final class ReplayLog: SteppedDirtyLog {
    private let base: SoftwareDirtyLog
    private let engine: ReplayEngine

    init(_ base: SoftwareDirtyLog, _ engine: ReplayEngine) {
        self.base = base
        self.engine = engine
    }

    var name: String { "replay" }
    var hasMore: Bool { engine.hasSteps }

    func start() {
        base.start()
        engine.begin()
    }

    func sync(_ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap) throws {
        // A sync begins with the first page of the first RAMBlock.
        if block == 0, pages.lowerBound == 0 { try engine.sync() }
        base.sync(pages, ofBlock: block, into: &bitmap)
    }

    func stop() { base.stop() }
}
