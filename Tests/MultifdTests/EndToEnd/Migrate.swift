import Logging
import Multifd

/// A logger that says nothing.
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Migrates a guest into a target over a socket of this machine.
@discardableResult
func migrate(
    _ guest: any Guest, to target: any MigrationTarget, _ parameters: MigrationParameters = MigrationParameters(),
    over uri: String = "tcp:127.0.0.1:0"
) async throws -> MigrationInfo {
    let destination = try MigrationDestination(
        listeningOn: MigrationURI(parsing: uri), target: target, logger: silent)
    let source = try MigrationSource(guest: guest, to: destination.uri, parameters: parameters, logger: silent)
    let received = destination.begin()
    let report: MigrationInfo
    do {
        report = try await source.run()
    } catch {
        destination.cancel()
        _ = try? await received.value.get()
        throw error
    }
    _ = try await received.value.get()
    return report
}

/// The bytes of all RAMBlocks. For guests that do not run.
func contents(of memory: GuestMemory) -> [UInt8] {
    memory.blocks.flatMap { block in
        // Safe: the block outlives the copy.
        unsafe Array(UnsafeRawBufferPointer(start: block.start, count: block.byteCount))
    }
}
