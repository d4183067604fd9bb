import Logging
import Multifd
import MultifdQEMU

/// Has a scripted source send to a destination.
///
/// - Returns: how the reception ended, and the snapshot, if there is one.
func receive(
    into directory: ScratchDirectory, channels: Int? = nil, name: String = "snapshot", records: Bool = false,
    acknowledgesSwitchover: Bool = false, logger: Logger = silent,
    _ script: @escaping @Sendable (ScriptedSource) throws -> Void
) async throws -> Result<Snapshot, MigrationError> {
    let path = "\(directory.path)/\(name)"
    var options = QEMUReceiveOptions()
    options.multifdChannels = channels
    options.acknowledgesSwitchover = acknowledgesSwitchover
    let destination = try MigrationDestination(
        listeningOn: .unix(path: "\(directory.path)/\(name).in"),
        snapshot: SnapshotTarget(path: path, records: records),
        qemu: options, logger: logger)
    async let received = destination.run()
    // What goes wrong here is what the destination brought about: it is asked how it ended.
    let scripted: Result<Void, Never> = await onThread(named: "script", unstarted: { fatalError("\($0)") }) {
        do {
            let source = try ScriptedSource(to: destination.uri)
            defer { source.close() }
            try script(source)
        } catch {}
    }
    _ = scripted
    do {
        _ = try await received
    } catch let error as MigrationError {
        return .failure(error)
    }
    return .success(try Snapshot(path: path))
}

/// The first byte of each page of a snapshot's RAMBlock.
func firstBytes(of snapshot: Snapshot, _ name: String) throws -> [UInt8] {
    guard let block = snapshot.manifest.ramBlocks.first(where: { $0.name == name }) else { return [] }
    let content = try readFile("\(snapshot.path)/\(block.file)")
    return stride(from: 0, to: content.count, by: 4096).map { content[$0] }
}
