public import Multifd
import SystemPackage

/// A recorded guest that is played again: its memory changes as the recorded one's did, page by page, so that it can be
/// migrated as often as one likes, with any parameters, without the guest that it was.
///
/// It begins when its dirty log is started, can be throttled as the guest could, and falls still at the end of the
/// recording; a migration that is done earlier stops it where it is then. A recording knows of each page once an
/// iteration: on links much faster than the recorded one, guests write some pages more often than they do here.
public final class ReplayGuest: RecordedGuest {
    /// What memory was at first, and then what became of it.
    public let memory: GuestMemory
    /// Finds what the replay writes.
    public var dirtyLog: (any DirtyLog)? { log }
    /// Empty: no destination can run it.
    public var configuration: String { "" }

    private let log: ReplayLog
    private let engine: ReplayEngine
    private let thread: WorkerThread
    /// By RAMBlock, where there was ever anything but zeros.
    private let content: [[Range<Int>]]

    /// Reads the memory that the recording begins with. Cancelling the task that it is called in ends it.
    ///
    /// - Throws: ``MemoryError``, `MigrationError.noThread`.
    public init(_ recording: Recording, speed: ReplaySpeed = .original) throws {
        memory = try GuestMemory(
            blocks: recording.snapshot.manifest.ramBlocks.map { try RAMBlock(name: $0.name, byteCount: $0.size) })
        let base = SoftwareDirtyLog(memory: memory)
        let engine = ReplayEngine(
            try ReplayPlayer(recording, memory: memory, log: base), recording.description.iterations, speed: speed)
        self.engine = engine
        log = ReplayLog(base, engine)
        content = Self.content(of: recording)
        do throws(Errno) {
            // Called as the threads are that count as a guest's.
            thread = try WorkerThread(named: "vcpu-replay") { engine.run() }
        } catch {
            throw MigrationError.noThread(error)
        }
    }

    deinit {
        engine.shutDown()
        thread.join()
    }

    private static func content(of recording: Recording) -> [[Range<Int>]] {
        let runs = recording.runs.joined().filter { $0.kind == .content }
        return recording.snapshot.manifest.ramBlocks.indices.map { block in
            let pages = runs.lazy.filter { $0.block == block }.map(\.pages)
            var union = PageRuns(smallestGap: 1)
            for run in pages.sorted(by: { $0.lowerBound < $1.lowerBound }) { union.append(run) }
            return union.runs
        }
    }

    /// When the replay had come to the recording's end; nil before, and when it is played sync by sync.
    package var recordingEnd: Duration? { engine.end }

    /// Stops the replay where it is. Throws the ``MemoryError`` that it may have met.
    public func pause() throws { try engine.pause() }
    /// Plays on.
    public func resume() { engine.resume() }
    /// Slows the replay.
    public func setThrottle(_ percentage: ThrottlePercentage) { engine.setThrottle(percentage) }
    /// Nothing: devices are not played.
    public func saveDeviceState() -> [UInt8] { [] }
    /// None.
    public var expectedDeviceStateByteCount: Int { 0 }
    /// Where there was ever anything but zeros.
    public func contentRanges(ofBlock block: Int) -> [Range<Int>] { content[block] }
}
