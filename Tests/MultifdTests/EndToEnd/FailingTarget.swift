import Multifd
import Synchronization

/// A target that fails at one of its calls, or takes longer for it than anybody waits for nothing, and notes them all.
final class FailingTarget: MigrationTarget {
    enum Call: Sendable, CaseIterable { case prepare, load, commit, run, abort }
    struct Failure: Error, CustomStringConvertible { let description = "the disk is full" }

    private let failing: Call?
    private let slow: Call?
    private let noted = Mutex<[Call]>([])
    private let memory = MemoryTarget()

    init(at failing: Call?, slow: Call? = nil) {
        self.failing = failing
        self.slow = slow
    }

    var calls: [Call] { noted.withLock { $0 } }

    private func note(_ call: Call) throws {
        noted.withLock { $0.append(call) }
        if call == slow { Patience.sleep(for: Deadlines.short.stall + .seconds(1)) }
        if call == failing { throw Failure() }
    }

    func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        try note(.prepare)
        return try memory.prepare(for: guest)
    }
    func load(deviceState: [UInt8]) throws { try note(.load) }
    func commit() throws { try note(.commit) }
    func run() throws { try note(.run) }
    func abort() { try? note(.abort) }
}
