import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Receptions that are ended while their source, a scripted one, goes on.
@Suite struct LeavingTests {
    /// Whether its channels' threads see that first, and are missed, depends on when it comes.
    @Test(arguments: (0..<10).map { 500_000 + $0 * 10_000 })
    func `a cancel at a barrier is told as one`(after time: Int) async throws {
        let directory = try ScratchDirectory()
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"),
            snapshot: SnapshotTarget(path: "\(directory.path)/snapshot"), logger: silent)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        let script = await onThread(named: "script", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            let source = try ScriptedSource(to: uri)
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
        await #expect { try await received.value } throws: { !"\($0)".contains("channel") }
    }

    @Test func `a source that never stops sending is left at the deadline`() async throws {
        let directory = try ScratchDirectory()
        var deadlines = Deadlines()
        deadlines.total = .seconds(1)
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"),
            snapshot: SnapshotTarget(path: "\(directory.path)/snapshot"),
            deadlines: deadlines, logger: silent)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        let isStopped = await onThread(named: "script", unstarted: { fatalError("\($0)") }) {
            do {
                let source = try ScriptedSource(to: uri)
                defer { source.close() }
                var stream = StreamBytes()
                stream.begin()
                stream.startRAM([("m", 4096)])
                stream.endSection()
                try source.send(stream)
                stream = StreamBytes()
                for _ in 0..<64 {
                    stream.part()
                    stream.page("m", 0, page(1))
                    stream.endSection()
                }
                while true { try source.send(stream) }
            } catch {
                return true
            }
        }
        #expect(isStopped.get())
        await #expect(throws: MigrationError.self) { try await received.value }
        #expect(!directory.names.contains("snapshot"))
    }

    /// A QEMU whose channel breaks before its main connection does may hang.
    @Test(arguments: [true, false])
    func `a source that is left may say on its channels what it has to say`(endsThem: Bool) async throws {
        let directory = try ScratchDirectory()
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"),
            snapshot: SnapshotTarget(path: "\(directory.path)/snapshot"), logger: silent)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        let script = await onThread(named: "script", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            let source = try ScriptedSource(to: uri)
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
        await #expect(throws: MigrationError.self) { try await received.value }
    }
}
