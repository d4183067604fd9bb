import Multifd
import Synchronization
import Testing

/// Whole migrations with `multifd-compression=auto`.
@Suite(.serialized) struct AutoCompressionTests {
    /// What goes over a channel, seen on its way.
    private struct Seen {
        var packets = 0
        var codecs: Set<PacketCodec> = []
        var restarts = 0
    }

    @Test(arguments: [0, 100_000_000, 5_000_000])
    func `whatever is chosen, the guest arrives whole, and the report tells the choices`(
        bandwidth: Int
    ) async throws {
        // Text, pages of noise and zero pages: the choice changes with what comes.
        let configuration = try WorkloadConfiguration(
            parsing: "workload:mixed,ram=24MiB,vcpus=2,working-set=4MiB,rate=10MB/s,fill=mixed,seed=5")
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let target = WorkloadTarget()
        var parameters = MigrationParameters()
        parameters.multifdCompression = .auto
        parameters.maxBandwidth = bandwidth
        parameters.downtimeLimit = .seconds(2)
        parameters.verifyMemory = true
        parameters.xbzrle = true
        let report = try await migrate(guest, to: target, parameters)
        guest.shutDown()
        let arrived = try #require(target.guest)
        arrived.pause()
        defer { arrived.shutDown() }
        let reference = try WorkloadGuest(configuration: configuration)
        try reference.run(toStepCounts: arrived.stepCounts)
        #expect(contents(of: arrived.memory) == contents(of: reference.memory))

        let decisions = try #require(report.codecDecisions)
        let packets = report.codecs.values.reduce(0) { $0 + $1.packets }
        #expect(decisions.packets.values.reduce(0, +) == packets)
        #expect(packets > 0)
        #expect(report.codecs["zstd"]?.level == nil)
        if bandwidth == 5_000_000 { #expect((report.codecs["zstd"]?.packets ?? 0) > packets / 2) }
    }

    @Test func `when the level changes, the packet says that its stream starts anew`() async throws {
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: "workload:idle,ram=64MiB,fill=text,seed=5"))
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: MemoryTarget(), logger: silent)
        let seen = Mutex(Seen())
        let relay = try ChannelRelay(to: destination.uri) { packet in
            seen.withLock { seen in
                seen.packets += 1
                if packet.header.hasPayload { seen.codecs.insert(packet.header.codec) }
                if packet.header.extensions.contains(.restart) { seen.restarts += 1 }
            }
            return .handOn
        }
        defer { relay.end() }
        var parameters = MigrationParameters()
        parameters.multifdChannels = 1
        parameters.multifdCompression = .auto
        parameters.maxBandwidth = 200_000_000
        parameters.verifyMemory = true
        let source = try MigrationSource(
            guest: guest, to: destination.uri, paths: [MigrationPath(destination: relay.uri)], parameters: parameters,
            logger: silent)
        let received = destination.begin()
        let run = Task { try await source.run() }
        while seen.withLock({ $0.packets }) < 8 { try await Task.sleep(for: .milliseconds(1)) }
        var slower = ParameterChanges()
        slower.maxBandwidth = 4_000_000
        try source.change(slower)
        let report = try await run.value
        _ = try await received.value.get()
        guest.shutDown()
        let changes = report.codecDecisions?.changes ?? 0
        // At 4 MB/s the link is what limits: more is compressed than at 200 MB/s, by other levels.
        #expect(changes > 0)
        #expect(seen.withLock { $0.restarts } > 0)
        #expect(seen.withLock { $0.codecs }.contains(.zstd))
    }
}
