import Multifd
import Synchronization

/// A guest that writes when it is asked for its dirty log, and calls back at each step of a migration: what happens when
/// is up to the test. Each page holds a number.
final class SteppedGuest: Guest {
    let memory: GuestMemory
    let configuration = ""

    struct State {
        var isRunning = true
        var isLogging = false
        var throttlePercentage = 0
        var syncCount = 0
        var dirtiesAll = false
        var written: [(page: Int, number: UInt64)] = []
        var onContent: (@Sendable () -> Void)?
        var onSync: (@Sendable () -> Void)?
        var onEachSync: (@Sendable (Int) -> Void)?
        var onPause: (@Sendable () -> Void)?
        var onSave: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    init(pageCount: Int) throws {
        memory = try GuestMemory(blocks: [RAMBlock(name: "ram", byteCount: pageCount * Page.byteCount)])
        for page in 0..<pageCount { memory.blocks[0].writeNumber(UInt64(page + 1), toPage: page) }
    }

    var isRunning: Bool { state.withLock { $0.isRunning } }
    var isLogging: Bool { state.withLock { $0.isLogging } }
    var throttlePercentage: Int { state.withLock { $0.throttlePercentage } }
    var syncCount: Int { state.withLock { $0.syncCount } }

    /// Dirties every page at every sync.
    var dirtiesAll: Bool {
        get { state.withLock { $0.dirtiesAll } }
        set { state.withLock { $0.dirtiesAll = newValue } }
    }
    /// Called when the first iteration is about to begin.
    var onContent: (@Sendable () -> Void)? {
        get { state.withLock { $0.onContent } }
        set { state.withLock { $0.onContent = newValue } }
    }
    /// Called at the first sync.
    var onSync: (@Sendable () -> Void)? {
        get { state.withLock { $0.onSync } }
        set { state.withLock { $0.onSync = newValue } }
    }
    /// Called at each sync, with its number from 1.
    var onEachSync: (@Sendable (Int) -> Void)? {
        get { state.withLock { $0.onEachSync } }
        set { state.withLock { $0.onEachSync = newValue } }
    }
    var onPause: (@Sendable () -> Void)? {
        get { state.withLock { $0.onPause } }
        set { state.withLock { $0.onPause = newValue } }
    }
    var onSave: (@Sendable () -> Void)? {
        get { state.withLock { $0.onSave } }
        set { state.withLock { $0.onSave = newValue } }
    }

    /// Writes a number to a page, to be found by the next sync.
    func write(_ number: UInt64, toPage page: Int) {
        memory.blocks[0].writeNumber(number, toPage: page)
        state.withLock { $0.written.append((page, number)) }
    }

    var dirtyLog: (any DirtyLog)? { Log(guest: self) }
    func pause() {
        state.withLock { $0.isRunning = false }
        onPause?()
    }
    func resume() { state.withLock { $0.isRunning = true } }
    func setThrottle(_ percentage: ThrottlePercentage) {
        state.withLock { $0.throttlePercentage = percentage.rawValue }
    }
    func saveDeviceState() -> [UInt8] {
        onSave?()
        return [1, 2, 3]
    }
    func contentRanges(ofBlock block: Int) -> [Range<Int>] {
        onContent?()
        return [0..<memory.blocks[block].pageCount]
    }

    private final class Log: DirtyLog {
        let name = "stepped"
        private let guest: SteppedGuest
        init(guest: SteppedGuest) { self.guest = guest }

        func start() { guest.state.withLock { $0.isLogging = true } }
        func stop() { guest.state.withLock { $0.isLogging = false } }
        func sync(_ pages: Range<Int>, ofBlock block: Int, into bitmap: inout MigrationBitmap) {
            let (number, dirtiesAll, written) = guest.state.withLock { state in
                state.syncCount += 1
                defer { state.written = [] }
                return (state.syncCount, state.dirtiesAll && state.isRunning, state.written)
            }
            if number == 1 { guest.onSync?() }
            guest.onEachSync?(number)
            for (page, _) in written { bitmap.mark(page..<page + 1, inBlock: 0) }
            if dirtiesAll { bitmap.mark(pages, inBlock: block) }
        }
    }
}

/// A target that keeps memory, calls back and notes its calls.
final class SteppedTarget: MigrationTarget {
    enum Call: Sendable { case prepare, load, commit, run, abort }

    struct State {
        var calls: [Call] = []
        var deviceState: [UInt8]?
        var onPrepare: (@Sendable () -> Void)?
        var onLoad: (@Sendable () -> Void)?
        var onRun: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let target = MemoryTarget()

    var calls: [Call] { state.withLock { $0.calls } }
    var deviceState: [UInt8]? { state.withLock { $0.deviceState } }
    var memory: GuestMemory? { target.memory }

    var onPrepare: (@Sendable () -> Void)? {
        get { state.withLock { $0.onPrepare } }
        set { state.withLock { $0.onPrepare = newValue } }
    }
    var onLoad: (@Sendable () -> Void)? {
        get { state.withLock { $0.onLoad } }
        set { state.withLock { $0.onLoad = newValue } }
    }
    var onRun: (@Sendable () -> Void)? {
        get { state.withLock { $0.onRun } }
        set { state.withLock { $0.onRun = newValue } }
    }

    func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        state.withLock { $0.calls.append(.prepare) }
        onPrepare?()
        return try target.prepare(for: guest)
    }
    func load(deviceState: [UInt8]) {
        state.withLock {
            $0.calls.append(.load)
            $0.deviceState = deviceState
        }
        onLoad?()
    }
    func commit() { state.withLock { $0.calls.append(.commit) } }
    func run() {
        state.withLock { $0.calls.append(.run) }
        onRun?()
    }
    func abort() {
        state.withLock { $0.calls.append(.abort) }
        target.abort()
    }
}
