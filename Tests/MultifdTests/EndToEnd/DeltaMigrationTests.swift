import Multifd
import Synchronization
import Testing

/// Whole migrations with `xbzrle`, between two ends in this process.
@Suite(.serialized) struct DeltaMigrationTests {
    private func parameters(_ compression: MultifdCompression, channels: Int = 2) -> MigrationParameters {
        var parameters = MigrationParameters()
        parameters.multifdChannels = channels
        parameters.multifdCompression = compression
        parameters.xbzrle = true
        parameters.xbzrleCacheSize = 64 << 20
        // Slow enough for several iterations, whatever the machine.
        parameters.maxBandwidth = 50_000_000
        // Cannot be met: a test lets the guest go when it has seen enough.
        parameters.downtimeLimit = .zero
        parameters.timeout = .seconds(120)
        return parameters
    }

    private func configuration(_ workload: String, fill: String = "random") throws -> WorkloadConfiguration {
        try WorkloadConfiguration(
            parsing: "workload:\(workload),ram=16MiB,vcpus=2,working-set=8MiB,rate=100MB/s,fill=\(fill),seed=3")
    }

    /// Whether the guest's memory at the destination is that of a guest which was never migrated.
    private func isTrue(_ target: WorkloadTarget, _ configuration: WorkloadConfiguration) throws -> Bool {
        let arrived = try #require(target.guest)
        arrived.pause()
        defer { arrived.shutDown() }
        let reference = try WorkloadGuest(configuration: configuration)
        try reference.run(toStepCounts: arrived.stepCounts)
        return contents(of: arrived.memory) == contents(of: reference.memory)
    }

    @Test(arguments: MultifdCompression.allCases, ["counter", "mixed", "stress"])
    func `pages that were sent before come as deltas, and the guest arrives whole`(
        compression: MultifdCompression, workload: String
    ) async throws {
        let configuration = try configuration(workload)
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let target = WorkloadTarget()
        var parameters = parameters(compression, channels: 3)
        parameters.downtimeLimit = .seconds(2)
        parameters.maxBandwidth = 30_000_000
        let report = try await migrate(guest, to: target, parameters)
        guest.shutDown()
        #expect(try isTrue(target, configuration))

        let cache = try #require(report.xbzrleCache)
        let later = report.iterations.dropFirst()
        #expect(cache.cacheSize == 64 << 20)
        #expect(report.iterations[0].delta == 0)
        if workload != "stress" {
            #expect(later.reduce(0) { $0 + $1.delta } > 0)
            #expect(cache.encodingRate > 1)
        }
        let deltas = report.channels.reduce(0) { $0 + $1.delta }
        #expect(deltas == report.iterations.reduce(0) { $0 + $1.delta })
        #expect(cache.pages == deltas + cache.unchanged + cache.overflow)
        // What goes in full after the first iteration is a miss or an overflow.
        #expect(cache.cacheMiss == later.reduce(0) { $0 + $1.normal } - cache.overflow)
    }

    @Test(arguments: ["zero", "text", "random"], [ZeroPageDetection.multifd, .legacy, .none])
    func `a cache as large as RAM misses no page, whether it was zero or not`(
        fill: String, detection: ZeroPageDetection
    ) async throws {
        let configuration = try configuration("counter", fill: fill)
        let guest = try WorkloadGuest(configuration: configuration)
        let target = WorkloadTarget()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: target, logger: silent)
        var parameters = parameters(.none)
        parameters.zeroPageDetection = detection
        parameters.verifyMemory = true
        let source = try MigrationSource(guest: guest, to: destination.uri, parameters: parameters, logger: silent)
        let received = destination.begin()
        try guest.resume()
        async let report = source.run()
        while source.info.iterations.count < 5, !source.info.status.isFinal {
            try await Task.sleep(for: .milliseconds(1))
        }
        try source.letGo()
        let info = try await report
        _ = try await received.value.get()
        #expect(info.verified)
        #expect(try isTrue(target, configuration))
        guest.shutDown()
        let cache = try #require(info.xbzrleCache)
        #expect(cache.cacheMiss == 0)
        #expect(info.iterations.reduce(0) { $0 + $1.delta } > 0)
    }

    /// The destination would take a channel for stuck that finds nothing but pages which it has.
    @Test func `unchanged pages that come after a long silence are told by a packet without pages`() async throws {
        let guest = try SteppedGuest(pageCount: 100)
        guest.onSync = {
            for page in 0..<100 { guest.write(UInt64(page + 1), toPage: page) }
            Patience.sleep(for: .milliseconds(1200))
        }
        var parameters = parameters(.none)
        parameters.multifdChannels = 1
        parameters.xbzrleCacheSize = 1 << 20
        parameters.downtimeLimit = .seconds(60)
        let report = try await migrate(guest, to: MemoryTarget(), parameters)
        #expect(report.iterations.map(\.unchanged) == [0, 100])
        // One of pages, one without, and the end of each iteration.
        #expect(report.channels[0].packets == 4)
    }

    @Test func `a file gets the deltas applied`() async throws {
        let configuration = try configuration("mixed")
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let file = try TemporaryFile()
        var parameters = parameters(.zstd)
        parameters.downtimeLimit = .seconds(2)
        let report = try await migrate(
            guest, to: ImageFileTarget(path: file.path), parameters)
        #expect(report.iterations.reduce(0) { $0 + $1.delta } > 0)
        let copy = try ImageGuest(paths: [file.path])
        #expect(contents(of: copy.memory) == contents(of: guest.memory))
        guest.shutDown()
    }

    @Test(arguments: [1, 8])
    func `what a broken channel carried goes again in full, and the guest arrives whole`(nth: Int) async throws {
        let configuration = try configuration("counter")
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let target = WorkloadTarget()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: target, logger: silent)
        let seen = Atomic(0)
        let relay = try ChannelRelay(to: destination.uri) { packet in
            guard packet.header.deltaPageCount > 0 else { return .handOn }
            return seen.wrappingAdd(1, ordering: .relaxed).newValue == nth ? .breakConnection : .handOn
        }
        defer { relay.end() }
        let source = try MigrationSource(
            guest: guest, to: destination.uri,
            paths: [MigrationPath(destination: relay.uri), MigrationPath(destination: destination.uri)],
            parameters: parameters(.zstd), logger: silent)
        let received = destination.begin()
        async let report = source.run()
        while seen.load(ordering: .relaxed) < nth, !source.info.status.isFinal {
            try await Task.sleep(for: .milliseconds(1))
        }
        try source.letGo()
        let info = try await report
        _ = try await received.value.get()
        #expect(info.channels[0].delta > 0)
        #expect(try isTrue(target, configuration))
        guest.shutDown()
    }

    @Test func `the cache changes its size while pages are sent`() async throws {
        let configuration = try configuration("counter")
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let target = WorkloadTarget()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: target, logger: silent)
        let source = try MigrationSource(
            guest: guest, to: destination.uri, parameters: parameters(.none), logger: silent)
        let received = destination.begin()
        async let report = source.run()
        var changes = ParameterChanges()
        for size in [Page.byteCount, 4 << 20, 64 << 20] {
            changes.xbzrleCacheSize = size
            try source.change(changes)
            while source.info.xbzrleCache?.cacheSize != size, !source.info.status.isFinal {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        try source.letGo()
        let info = try await report
        _ = try await received.value.get()
        #expect(info.xbzrleCache?.cacheSize == 64 << 20)
        #expect(try isTrue(target, configuration))
        guest.shutDown()
    }

    @Test func `a destination that takes no deltas is refused in a sentence`() async throws {
        let listener = try Listener(on: .tcp(host: "127.0.0.1", port: 0))
        let destination = WorkerThread(name: "old") {
            guard let connection = try? listener.accept(within: .seconds(60)) else { return }
            let main = MainChannel(connection, patience: Patience(limit: .seconds(60)))
            _ = try? connection.receive(4, patience: main.patience)
            try? main.answerGreeting()
            _ = try? main.receive()
            try? main.send(.ready(SessionReady(features: [.memoryDigest])))
            _ = try? main.receive()
        }
        defer { destination.join() }
        let guest = try WorkloadGuest(configuration: configuration("counter"))
        let source = try MigrationSource(
            guest: guest, to: listener.uri, parameters: parameters(.none), logger: silent)
        let error = await #expect(throws: MigrationError.self) { try await source.run() }
        #expect("\(try #require(error))".hasSuffix("it cannot take deltas: leave --xbzrle out"))
    }

    // MARK: What a hostile or broken peer sends

    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let compression: MultifdCompression
        let sentence: String
        let forge: @Sendable (inout ChannelRelay.Packet) -> ChannelRelay.Order?

        init(
            _ name: String, _ compression: MultifdCompression = .none, says sentence: String,
            _ forge: @escaping @Sendable (inout ChannelRelay.Packet) -> ChannelRelay.Order?
        ) {
            testDescription = name
            self.compression = compression
            self.sentence = sentence
            self.forge = forge
        }

        /// A packet with deltas becomes one with a single, given delta.
        static func delta(_ bytes: [UInt8], says sentence: String, length: Int? = nil) -> Forgery {
            Forgery("the delta \(bytes)", says: sentence) { packet in
                guard packet.header.deltaPageCount > 0 else { return nil }
                packet.header.pages[0] = packet.header.pages[packet.header.pageCount - 1]
                packet.header.normalPageCount = 0
                packet.header.zeroPageCount = 0
                packet.header.deltaPageCount = 1
                packet.payload = [0, UInt8(length ?? bytes.count)] + bytes
                packet.header.deltaByteCount = packet.payload.count
                return .handOnForged
            }
        }

        static let all = [
            delta([0xFF, 0x1F, 0x02, 1, 2], says: "a delta is corrupt at its byte 3: a run goes beyond the page"),
            delta([0x01, 0x05, 1, 2], says: "a delta is corrupt at its byte 2: it ends within a run"),
            delta([0x00, 0x00, 0x01], says: "a delta is corrupt at its byte 2: a run is empty"),
            delta([0x00, 0x01, 7], says: "the length of delta 0 is 9 where at most 3 is expected", length: 9),
            delta([0x00, 0x01, 7, 9], says: "the deltas' size is 6 where 5 is expected", length: 3),
            Forgery("a zstd payload changed on purpose", .zstd, says: "zstd cannot decode a payload") {
                guard $0.header.deltaPageCount > 0 else { return nil }
                for index in $0.payload.indices.dropFirst(3).prefix(40) { $0.payload[index] ^= 0x55 }
                return .handOnForged
            },
            Forgery("a zlib payload changed on purpose", .zlib, says: "zlib") {
                guard $0.header.deltaPageCount > 0 else { return nil }
                for index in $0.payload.indices { $0.payload[index] ^= 0x55 }
                return .handOnForged
            },
            Forgery("a payload changed by accident", .zstd, says: "a packet arrived damaged: its checksum is") {
                guard $0.header.deltaPageCount > 0 else { return nil }
                $0.payload[0] ^= 1
                return .handOnDamaged
            },
        ]
    }

    @Test(arguments: Forgery.all)
    func `a corrupt payload is refused, and both ends say which packet it was`(forgery: Forgery) async throws {
        let guest = try WorkloadGuest(configuration: configuration("counter"))
        try guest.resume()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: MemoryTarget(), logger: silent)
        let number = Mutex<UInt64?>(nil)
        let relay = try ChannelRelay(to: destination.uri) { packet in
            guard number.withLock({ $0 == nil }), let order = forgery.forge(&packet) else { return .handOn }
            number.withLock { $0 = packet.header.number }
            return order
        }
        defer { relay.end() }
        let source = try MigrationSource(
            guest: guest, to: destination.uri,
            paths: [MigrationPath(destination: relay.uri), MigrationPath(destination: destination.uri)],
            parameters: parameters(forgery.compression), logger: silent)
        let received = destination.begin()
        let sent = await result(of: { () throws(MigrationError) in try await source.run() })
        let place = "packet \(try #require(number.withLock { $0 })) of channel 0"
        for result in [sent, await received.value] {
            guard case .failure(let error) = result else {
                Issue.record("the forgery was accepted")
                continue
            }
            #expect("\(error)".contains(forgery.sentence), "\(error)")
            #expect("\(error)".contains(place), "\(error)")
        }
        guest.shutDown()
    }
}

extension MigrationSource {
    /// Allows a downtime with which the migration ends soon.
    fileprivate func letGo() throws {
        var changes = ParameterChanges()
        changes.downtimeLimit = .seconds(2)
        try change(changes)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
