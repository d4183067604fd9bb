import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Streams of a real QEMU, captured once a mode and damaged in many places: refused, or accepted with other content, but
/// never a crash or a hang, and never half a snapshot.
@Suite(QEMUProcess.isInstalled, .serialized) struct CapturedStreamTests {
    static let modes: [SaveMode] = [
        SaveMode(returnPath: false), SaveMode(channels: 2, returnPath: false),
        SaveMode(channels: 2, compression: "zstd", returnPath: false),
        SaveMode(channels: 2, compression: "zlib", returnPath: false),
        SaveMode(channels: 3, compression: "zstd", returnPath: false, machine: "pc-i440fx-7.2"),
    ]

    /// How many places each mode is damaged in. `MULTIFD_DAMAGES=2000` for a long run.
    private static let damageCount =
        ProcessInfo.processInfo.environment["MULTIFD_DAMAGES"].flatMap(Int.init) ?? 100

    private static func capture(_ mode: SaveMode, in directory: ScratchDirectory) throws -> CapturedStream {
        // A guest that has not begun, with little memory: what counts is the structure of the stream.
        let qemu = try QEMUProcess(
            "vm", in: directory, program: PatternGuest.assemble(in: directory.path), machine: mode.machine,
            options: ["-S", "-m", "8"])
        defer { qemu.kill() }
        return try CapturedStream(of: qemu, mode)
    }

    /// How long what is damaged is waited for, where what is missing could still come.
    private static let patience: Deadlines = {
        var deadlines = Deadlines()
        deadlines.handshake = .seconds(1)
        deadlines.stall = .seconds(5)
        deadlines.total = .seconds(15)
        return deadlines
    }()

    private static func receive(
        _ stream: CapturedStream, into directory: ScratchDirectory, as name: String, deadlines: Deadlines = Deadlines()
    ) async throws -> Result<Snapshot, MigrationError> {
        var options = QEMUReceiveOptions()
        options.multifdChannels = stream.channels.count
        let path = "\(directory.path)/\(name)"
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(path).in"), snapshot: SnapshotTarget(path: path), qemu: options,
            deadlines: deadlines, logger: silent)
        async let received = destination.run()
        let played: Result<Void, Never> = await onThread(named: "play", unstarted: { fatalError("\($0)") }) {
            stream.play(to: destination.uri)
        }
        _ = played
        do {
            _ = try await received
        } catch let error as MigrationError {
            return .failure(error)
        }
        return .success(try Snapshot(path: path))
    }

    @Test(arguments: modes) func `damage anywhere ends in a refusal or a whole snapshot`(mode: SaveMode) async throws {
        let directory = try ScratchDirectory()
        let stream = try Self.capture(mode, in: directory)
        #expect(stream.channels.count == mode.channels)
        try await Self.receive(stream, into: directory, as: "whole").get().verify()

        var generator = SplitMix(state: UInt64(mode.channels) + 3)
        var refused = 0
        for number in 0..<Self.damageCount {
            var damaged = stream
            let damage = Self.damage(&damaged, &generator)
            let name = "snapshot-\(number)"
            switch try await Self.receive(damaged, into: directory, as: name, deadlines: Self.patience) {
            case .success(let snapshot):
                try snapshot.verify()
                try FileManager.default.removeItem(atPath: snapshot.path)
            case .failure(let error):
                refused += 1
                #expect(!directory.names.contains(name), "\(damage)")
                // Who does not say that it is QEMU is a stranger, and ends no wait for a source. Nothing else goes on that long.
                guard case .timedOut = error else { continue }
                #expect(damaged.main.prefix(4) != stream.main.prefix(4), "\(damage): \(error)")
            }
        }
        #expect(!directory.names.contains { $0.contains("partial") })
        // A third of the damages are cuts, which are never accepted.
        #expect(refused >= Self.damageCount / 4)
    }

    /// Half of the damages are in the first or last 2 KiB, where there is structure and not content.
    ///
    /// - Returns: what was done.
    private static func damage(_ stream: inout CapturedStream, _ generator: inout SplitMix) -> String {
        let index = Int(generator.next() % UInt64(stream.channels.count + 1))
        var bytes = index == 0 ? stream.main : stream.channels[index - 1]
        let near = min(2048, bytes.count)
        let position =
            switch generator.next() % 4 {
            case 0: Int(generator.next() % UInt64(near))
            case 1: bytes.count - 1 - Int(generator.next() % UInt64(near))
            default: Int(generator.next() % UInt64(bytes.count))
            }
        let kind = generator.next() % 3
        switch kind {
        case 0: bytes.removeSubrange(position...)
        case 1: bytes.remove(at: position)
        default: bytes[position] ^= UInt8(1 << (generator.next() % 8))
        }
        if index == 0 { stream.main = bytes } else { stream.channels[index - 1] = bytes }
        return "\(["cut", "byte missing", "bit flipped"][Int(kind)]) at \(position) of connection \(index)"
    }
}
