import Multifd
import Synchronization
import Testing

/// Migrations of guests that dirty faster than they are sent.
@Suite(.serialized) struct ThrottledMigrationTests {
    /// Converges under no more than half of its speed: 40 MB/s of RAM move, and 100 MB/s of 16 MiB are written.
    private static let outrunning = "workload:stress,ram=48MiB,vcpus=2,working-set=16MiB,rate=100MB/s,seed=3"

    private func parameters(_ change: (inout MigrationParameters) -> Void) -> MigrationParameters {
        var parameters = MigrationParameters()
        parameters.maxBandwidth = 40_000_000
        parameters.downtimeLimit = .milliseconds(150)
        parameters.timeout = .seconds(120)
        change(&parameters)
        return parameters
    }

    /// Migrates a guest to its end, and compares it there with one that was never migrated nor throttled.
    private func migrateAndCompare(
        _ text: String, _ parameters: MigrationParameters
    ) async throws -> (report: MigrationInfo, throttles: [ThrottlePercentage]) {
        let configuration = try WorkloadConfiguration(parsing: text)
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        defer { guest.shutDown() }
        let target = WorkloadTarget()
        let report = try await migrate(guest, to: target, parameters)
        let arrived = try #require(target.guest)
        arrived.pause()
        let reference = try WorkloadGuest(configuration: configuration)
        try reference.run(toStepCounts: arrived.stepCounts)
        #expect(contents(of: arrived.memory) == contents(of: reference.memory))
        arrived.shutDown()
        return (report, guest.throttles)
    }

    @Test(arguments: [ThrottlePolicy.dynamic, .geometric, .predictive])
    func `a throttled guest ends where an unthrottled one does`(policy: ThrottlePolicy) async throws {
        let (report, throttles) = try await migrateAndCompare(
            Self.outrunning,
            parameters {
                $0.autoConverge = true
                $0.throttle.policy = policy
                $0.throttle.initial = 50
                $0.throttle.increment = 25
            })
        #expect(report.status == .completed)
        let decisions = report.throttleDecisions
        let first = try #require(decisions.first)
        #expect(first.to > .off && first.bytesDirtied > first.bytesTransferred / 2)
        // Each begins where the one before ended, and the last releases the guest.
        for (one, next) in zip(decisions, decisions.dropFirst()) {
            #expect(one.to == next.from && one.time < next.time)
        }
        #expect(decisions.last?.trigger == .release && decisions.last?.to == .off)
        #expect(throttles.allSatisfy { $0 == .off })
        #expect(report.cpuThrottlePercentage == nil)
        #expect(report.iterations.contains { $0.cpuThrottlePercentage == first.to.rawValue })
    }

    /// The target takes 40 MB in a second. What it has not taken yet lies in sockets, as over a slow link, and each iteration
    /// ends with an answer that comes behind it: three of them would take longer than the limit.
    @Test func `pages that lie in sockets are no reason not to throttle`() async throws {
        let guest = try WorkloadGuest(configuration: WorkloadConfiguration(parsing: Self.outrunning))
        try guest.resume()
        defer { guest.shutDown() }
        let report = try await migrate(
            guest, to: SlowTarget { pageCount in .microseconds(100) * pageCount },
            parameters {
                $0.maxBandwidth = 0
                $0.multifdChannels = 1
                $0.autoConverge = true
                $0.timeout = .seconds(60)
            })
        #expect(report.status == .completed)
        #expect(report.throttleDecisions.allSatisfy { !$0.reason.contains("no throttle helps") })
    }

    @Test func `the dirty limit slows the vCPU that writes, and no other`() async throws {
        let (report, throttles) = try await migrateAndCompare(
            "workload:stress,ram=48MiB,vcpus=2,writers=1,working-set=16MiB,rate=100MB/s,seed=3",
            parameters {
                $0.vcpuDirtyLimit = 10
                $0.vcpuDirtyLimitPeriod = .milliseconds(500)
            })
        #expect(report.status == .completed)
        #expect(report.throttleDecisions.contains { $0.trigger == .dirtyLimit && $0.to > .off })
        #expect(report.throttleDecisions.allSatisfy { $0.vcpu == 0 })
        #expect(throttles == [.off, .off])
    }

    /// 16 MiB at 4 MB/s: an iteration takes four seconds.
    @Test func `a periodic sync makes more syncs than iterations, and none in the first`() async throws {
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(
                parsing: "workload:stress,ram=16MiB,vcpus=1,working-set=8MiB,rate=100MB/s,fill=random"))
        try guest.resume()
        defer { guest.shutDown() }
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: WorkloadTarget(), logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri,
            parameters: parameters {
                $0.maxBandwidth = 4_000_000
                $0.autoConverge = true
                $0.throttle.policy = .dynamic
                $0.throttle.periodicInterval = 1
            }, logger: silent)
        let received = Task { try? await destination.run() }
        let watched = Task {
            var first: MigrationInfo?
            for await event in source.events {
                guard case .progress(let info) = event else { continue }
                if info.ram.iterationCount == 1, info.iterations.isEmpty { first = info }
                // Enough extra syncs to tell, and long before the end.
                if info.ram.dirtySyncCount > info.ram.iterationCount + 2 { source.cancel() }
            }
            return first
        }
        await #expect(throws: MigrationError.self) { try await source.run() }
        _ = await received.value
        #expect(await watched.value?.ram.dirtySyncCount == 1)
        #expect(source.info.status == .cancelled)
        #expect(source.info.ram.dirtySyncCount > source.info.ram.iterationCount + 1)
        // Cancelled, it is let go.
        #expect(source.info.throttleDecisions.last?.trigger == .release)
        #expect(guest.throttles == [.off])
    }

    /// 16 MiB at 8 MB/s: the second sync is a periodic one, within the second iteration, and lasts until the channel has sent
    /// some more. At the end of an iteration it has nothing to send.
    @Test func `the channels go on sending while a periodic sync is made`() async throws {
        let guest = try SteppedGuest(pageCount: 4096)
        guest.dirtiesAll = true
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), logger: silent)
        let packetCount = Counted()
        let relay = try ChannelRelay(to: destination.uri) { _ in
            packetCount.add()
            return .handOn
        }
        let source = try MigrationSource(
            guest: guest, to: destination.uri, paths: [MigrationPath(destination: relay.uri)],
            parameters: parameters {
                $0.multifdChannels = 1
                $0.maxBandwidth = 8_000_000
                $0.autoConverge = true
                $0.throttle.policy = .dynamic
                $0.throttle.periodicInterval = 1
            }, logger: silent)
        let sentMeanwhile = Atomic<Bool>(false)
        guest.onEachSync = { number in
            guard number == 2 else { return }
            sentMeanwhile.store(packetCount.grows(), ordering: .relaxed)
            source.cancel()
        }
        let received = destination.begin()
        await #expect(throws: MigrationError.self) { try await source.run() }
        _ = await received.value
        relay.end()
        let hasSent = sentMeanwhile.load(ordering: .relaxed)
        #expect(hasSent)
    }

    private final class Counted: Sendable {
        private let value = Atomic<Int>(0)
        func add() { value.add(1, ordering: .relaxed) }

        /// Whether it grows by two within ten seconds, a hundred times what that takes.
        func grows() -> Bool {
            let start = value.load(ordering: .relaxed)
            for _ in 0..<1000 where value.load(ordering: .relaxed) < start + 2 {
                Patience.sleep(for: .milliseconds(10))
            }
            return value.load(ordering: .relaxed) >= start + 2
        }
    }

    enum End: CaseIterable { case failed, cancelled }

    @Test(arguments: End.allCases, [true, false])
    func `the throttle is released when a migration fails or is cancelled`(end: End, autoConverge: Bool) async throws {
        let guest = try WorkloadGuest(configuration: WorkloadConfiguration(parsing: Self.outrunning))
        try guest.resume()
        defer { guest.shutDown() }
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: WorkloadTarget(), logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri,
            parameters: parameters {
                $0.downtimeLimit = .zero
                $0.autoConverge = autoConverge
                $0.vcpuDirtyLimit = autoConverge ? nil : 10
                $0.throttle.policy = .dynamic
            }, logger: silent)
        let received = destination.begin()
        let watched = Task {
            for await case .throttle(let decision) in source.events where decision.to > .off {
                end == .cancelled ? _ = source.cancel() : destination.cancel()
            }
        }
        await #expect(throws: MigrationError.self) { try await source.run() }
        _ = await received.value
        await watched.value
        #expect(guest.throttles.allSatisfy { $0 == .off })
        let releases = source.info.throttleDecisions.filter { $0.trigger == .release }
        #expect(!releases.isEmpty && releases.allSatisfy { $0.reason.hasPrefix("\(end)") })
        #expect(source.info.status == (end == .cancelled ? .cancelled : .failed))
    }

    @Test func `a guest that cannot be slowed is refused before anything begins`() throws {
        let image = try WorkloadGuest(configuration: WorkloadConfiguration(parsing: "workload:idle,ram=1MiB"))
        let still = StillGuest(memory: image.memory)
        let uri = try MigrationURI(parsing: "tcp:127.0.0.1:1")
        for change: (inout MigrationParameters) -> Void in [{ $0.autoConverge = true }, { $0.vcpuDirtyLimit = 1 }] {
            let error = #expect(throws: MigrationError.self) {
                _ = try MigrationSource(guest: still, to: uri, parameters: parameters(change), logger: silent)
            }
            #expect(error.map { "\($0)".contains("this guest has none") } == true)
        }
    }

    /// As much of a guest as a memory image is.
    private final class StillGuest: Guest {
        let memory: GuestMemory
        var dirtyLog: (any DirtyLog)? { nil }
        let configuration = ""
        init(memory: GuestMemory) { self.memory = memory }
        func pause() {}
        func resume() {}
        func setThrottle(_ percentage: ThrottlePercentage) {}
        func saveDeviceState() -> [UInt8] { [] }
    }
}
