import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Receptions that are ended while their source, a scripted one, goes on.
@Suite struct LeavingTests {
    /// Has a scripted source send to a destination, which the script may cancel.
    ///
    /// - Returns: how either ended.
    private static func receive(
        into directory: ScratchDirectory, _ deadlines: Deadlines = Deadlines(),
        _ script: @escaping @Sendable (ScriptedSource, MigrationDestination) throws -> Void
    ) async throws -> (script: Result<Void, any Error>, received: Result<MigrationInfo, any Error>) {
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"),
            snapshot: SnapshotTarget(path: "\(directory.path)/snapshot"), deadlines: deadlines, logger: silent)
        let received = Task { try await destination.run() }
        let scripted = await onThread(named: "script", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            try script(ScriptedSource(to: destination.uri), destination)
        }
        return (scripted, await received.result)
    }

    /// Whether its channels' threads see that first, and are missed, depends on when it comes.
    @Test(arguments: (0..<10).map { 500_000 + $0 * 10_000 })
    func `a cancel at a barrier is told as one`(after time: Int) async throws {
        let directory = try ScratchDirectory()
        let (script, received) = try await Self.receive(into: directory) { source, destination in
            defer { source.close() }
            try source.begin(channels: Array(0..<16))
            var stream = StreamBytes()
            stream.part()
            stream.barrier()
            try source.send(stream)
            usleep(UInt32(time))
            destination.cancel()
            _ = try source.receive(8)
        }
        try script.get()
        #expect { try received.get() } throws: { !"\($0)".contains("channel") }
    }

    @Test func `a source that never stops sending is left at the deadline`() async throws {
        let directory = try ScratchDirectory()
        var deadlines = Deadlines()
        deadlines.total = .seconds(1)
        let (script, received) = try await Self.receive(into: directory, deadlines) { source, _ in
            defer { source.close() }
            try source.send(StreamBytes.guest())
            var stream = StreamBytes()
            for _ in 0..<64 {
                stream.part()
                stream.page("m", 0, page(1))
                stream.endSection()
            }
            while true { try source.send(stream) }
        }
        #expect(throws: TransportError.self) { try script.get() }
        #expect(throws: MigrationError.self) { try received.get() }
        #expect(!directory.names.contains("snapshot"))
    }

    /// A QEMU whose channel breaks before its main connection does may hang.
    @Test(arguments: [true, false])
    func `a source that is left may say on its channels what it has to say`(endsThem: Bool) async throws {
        let directory = try ScratchDirectory()
        let (script, received) = try await Self.receive(into: directory) { source, destination in
            try source.addChannel(0)
            var stream = StreamBytes()
            stream.begin(machine: "pc-i440fx-7.2")
            stream.startRAM([("m", 4096)])
            try source.send(stream)
            try source.send(PacketBytes.sync(), on: 0)
            destination.cancel()
            #expect(try source.receive(1) == [])
            try source.addChannel(1)
            for channel in 0..<2 { for _ in 0..<100 { try source.send(PacketBytes.sync(), on: channel) } }
            // One that ends nothing is left all the same.
            if endsThem { source.close() } else { usleep(1_500_000) }
        }
        try script.get()
        #expect(throws: MigrationError.self) { try received.get() }
    }
}
