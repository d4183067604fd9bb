import Multifd
import MultifdQEMU

/// What the source's and the destination's end have in common for the one who watches.
protocol MigrationEnd: Sendable {
    var events: AsyncStream<MigrationEvent> { get }
    var info: MigrationInfo { get }
    /// Whether it takes what comes, and does not know what is left.
    var isReceiving: Bool { get }
    func run() async throws -> MigrationInfo
    /// Cancels it, unless that comes too late.
    func interrupt()
}

extension MigrationSource: MigrationEnd {
    func interrupt() { cancel() }
}

extension MigrationDestination: MigrationEnd {
    var isReceiving: Bool { true }
    func interrupt() { cancel() }
}

extension QEMUSource: MigrationEnd {
    func interrupt() { cancel() }
}

extension QEMUSave: MigrationEnd {
    func interrupt() { cancel() }
}

extension QEMURestore: MigrationEnd {
    func interrupt() { cancel() }
}

extension MigrationEnd {
    var isReceiving: Bool { false }

    /// Runs the migration with its progress on the terminal.
    func runWatched() async throws -> MigrationInfo {
        async let shown: Void = ProgressDisplay(isReceiving: isReceiving).follow(events)
        let result: Result<MigrationInfo, any Error>
        do {
            result = .success(try await run())
        } catch {
            result = .failure(error)
        }
        // What comes next is not to be written over.
        await shown
        return try result.get()
    }
}
