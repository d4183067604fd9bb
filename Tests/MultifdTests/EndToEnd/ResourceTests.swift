import Glibc
import Multifd
import Testing

/// Nothing is left over of a migration, however it ended.
@Suite(.serialized) struct ResourceTests {
    /// What the kernel counts for this process.
    struct Usage: CustomStringConvertible {
        let descriptors: Int
        let threads: Int
        let mappings: Int

        init() throws {
            descriptors = try Self.count(in: "/proc/self/fd")
            threads = try Self.count(in: "/proc/self/task")
            mappings = try Self.lineCount(of: "/proc/self/maps")
        }

        var description: String { "\(descriptors) descriptors, \(threads) threads, \(mappings) mappings" }

        private static func count(in path: String) throws -> Int {
            let folder = try unsafe #require(unsafe opendir(path))
            defer { unsafe closedir(folder) }
            var count = 0
            while unsafe readdir(folder) != nil { count += 1 }
            return count
        }

        private static func lineCount(of path: String) throws -> Int {
            let file = try unsafe #require(unsafe fopen(path, "r"))
            defer { unsafe fclose(file) }
            var count = 0
            while true {
                let character = unsafe getc(file)
                if character == EOF { return count }
                if character == 10 { count += 1 }
            }
        }
    }

    private func migrateOnce(_ round: Int) async throws {
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        // Each kind of migration meets each number of channels and each compression, and in 64 rounds all of both.
        parameters.multifdChannels = 1 + round / 4 % 4
        parameters.multifdCompression =
            MultifdCompression.allCases[(round + round / 4 + round / 16) % MultifdCompression.allCases.count]
        switch round % 4 {
        case 0:
            let guest = try WorkloadGuest.running("random,ram=1MiB,vcpus=2,rate=10MB/s")
            let target = WorkloadTarget()
            try await migrate(guest, to: target, parameters)
            guest.shutDown()
            target.guest?.shutDown()
        case 1:
            let folder = try TemporaryFolder()
            let guest = try SteppedGuest(pageCount: 200)
            try await migrate(guest, to: ImageFileTarget(path: folder.path + "/output"), parameters)
        case 2:
            let fault = Fault.main(.toDestination, .before(.finish, 1))
            let guest = try SteppedGuest(pageCount: 200)
            _ = try await ProxiedMigration(of: guest, to: MemoryTarget(), parameters, fault).run()
        default:
            let guest = try SteppedGuest(pageCount: 200)
            await #expect(throws: MigrationError.self) {
                try await migrate(
                    guest, to: FailingTarget(at: .load), parameters, over: "unix:" + temporaryPath("leak"))
            }
        }
    }

    /// Other suites run meanwhile and use some of their own: what grows with each migration is what counts.
    @Test func `two hundred migrations leave no descriptor, thread or mapping`() async throws {
        for round in 0..<20 { try await migrateOnce(round) }
        let before = try Usage()
        for round in 0..<200 { try await migrateOnce(round) }
        // Threads that ended are gone a moment later; those of other suites come and go.
        var after = try Usage()
        for _ in 0..<200 where Self.hasGrown(from: before, to: after) {
            usleep(50_000)
            after = try Usage()
        }
        #expect(!Self.hasGrown(from: before, to: after), "from \(before) to \(after)")
    }

    /// By half of what one leak a migration would be.
    private static func hasGrown(from before: Usage, to after: Usage) -> Bool {
        after.descriptors > before.descriptors + 25 || after.threads > before.threads + 25
            || after.mappings > before.mappings + 50
    }
}
