import Glibc
import Multifd
import SystemPackage
import Testing

/// A bit that changes on the way: found before anything depends on it, and both ends say where.
@Suite(.serialized) struct DamageTests {
    private func migrate(
        _ fault: Fault, _ compression: MultifdCompression, to target: any MigrationTarget,
        deadlines: Deadlines = .short, channels: Int = 2
    ) async throws -> Outcome {
        let guest = try WorkloadGuest.running("mixed,ram=8MiB,vcpus=1,working-set=1MiB,rate=20MB/s,fill=random")
        var parameters = MigrationParameters()
        parameters.multifdChannels = channels
        parameters.multifdCompression = compression
        parameters.downtimeLimit = .seconds(60)
        let migration = try ProxiedMigration(of: guest, to: target, parameters, fault, deadlines: deadlines)
        let outcome = await migration.run()
        #expect(migration.proxy.hasHappened, "\(fault)")
        #expect(outcome.isComplete || guest.isRunning, "\(fault)")
        guest.shutDown()
        return outcome
    }

    /// One place in each field of the first packet's header, and some in its payload and in the packets after it.
    static let places =
        [0, 4, 11, 15, 19, 31, 39, 47, 50, 60, 64, 200, 319, 327, 1000, 1343, 1344, 1400, 3000]
        .map { 64 + $0 } + [300_000]

    @Test(arguments: places, [MultifdCompression.none, .zstd])
    func `in a packet: refused, and both ends name the packet`(
        byte: Int, compression: MultifdCompression
    ) async throws {
        let folder = try TemporaryFolder()
        let target = try ImageFileTarget(path: folder.path + "/guest")
        let outcome = try await migrate(
            .channel(0, byte: byte, .flip), compression, to: target, deadlines: Deadlines(), channels: 1)
        for error in [outcome.sourceError, outcome.destinationError] {
            let text = error.map { "\($0)" } ?? "no error"
            #expect(text.contains("packet"), "byte \(byte): \(text)")
            #expect(text.contains("channel 0"), "byte \(byte): \(text)")
        }
        guard case .protocolViolation = outcome.destinationError else {
            Issue.record("byte \(byte): \(outcome.destination)")
            return
        }
        #expect(folder.isEmpty)
    }

    /// A size that is too large makes the destination wait for the rest: only time tells.
    @Test func `in a payload's size: refused`() async throws {
        let target = MemoryTarget()
        let outcome = try await migrate(.channel(0, byte: 64 + 22, .flip), .zstd, to: target, channels: 1)
        #expect(outcome.sourceError != nil)
        #expect(outcome.destinationError != nil)
        #expect(target.memory == nil)
    }

    @Test(arguments: Fault.Direction.allCases, [0, 5, 8, 9, 11, 15, 20, 24, 40, 41, 43, 60])
    func `on the main channel: refused by whoever reads it`(direction: Fault.Direction, byte: Int) async throws {
        let folder = try TemporaryFolder()
        let target = try ImageFileTarget(path: folder.path + "/guest")
        let outcome = try await migrate(.main(direction, .byte(byte), .flip), .none, to: target)
        #expect(outcome.sourceError != nil, "byte \(byte)")
        #expect(outcome.destinationError != nil, "byte \(byte)")
        #expect(folder.isEmpty)
    }

    @Test func `in a channel's hello: the migration does not begin`() async throws {
        for byte in [0, 4, 8, 24, 40] {
            let outcome = try await migrate(.channel(1, byte: byte, .flip), .none, to: MemoryTarget())
            // To a source the channel is lost, and the other goes on; or it cannot even tell.
            #expect(outcome.isComplete || outcome.sourceError != nil && outcome.destinationError != nil)
        }
    }
}

/// A folder that is gone, with what is in it, when it is no longer used.
final class TemporaryFolder: Sendable {
    let path = temporaryPath("folder")

    init() throws {
        guard unsafe mkdir(path, 0o700) == 0 else { throw Errno(rawValue: errno) }
    }

    /// The names of what is in it.
    var contents: [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            // Safe: the kernel ends the name with a zero byte.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    var isEmpty: Bool { contents.isEmpty }

    deinit {
        for name in contents { _ = unsafe unlink(path + "/" + name) }
        _ = unsafe rmdir(path)
    }
}
