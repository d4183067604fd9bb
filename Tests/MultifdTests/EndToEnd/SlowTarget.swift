import Multifd

/// Takes a guest into memory, and its time over the pages of each write.
final class SlowTarget: RecordingTarget, PageRecorder {
    private let memory = MemoryTarget()
    private let time: @Sendable (_ pageCount: Int) -> Duration

    /// - Parameter time: what a write takes.
    init(time: @escaping @Sendable (_ pageCount: Int) -> Duration) { self.time = time }

    var recorder: (any PageRecorder)? { self }

    func record(_ pages: Range<Int>, ofBlock block: Int, content: UnsafeRawPointer) {
        Patience.sleep(for: time(pages.count))
    }
    func recordZero(_ page: Int, ofBlock block: Int) {}
    func endPart(startsIteration: Bool, endsIteration: Bool) {}

    func prepare(for guest: IncomingGuest) throws -> GuestMemory { try memory.prepare(for: guest) }
    func load(deviceState: [UInt8]) {}
    func commit() {}
    func run() {}
    func abort() {}
}
