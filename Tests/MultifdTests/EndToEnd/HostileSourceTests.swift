import Glibc
import Multifd
import Testing

/// A destination whose source is an enemy. What it says may be anything; nothing is written outside the guest's memory,
/// nothing crashes, and the destination ends with an error.
@Suite(.serialized) struct HostileSourceTests {
    static let pageCount = 256
    static let blocks = [SessionSetup.Block(name: "ram", byteCount: UInt64(pageCount * Page.byteCount))]

    /// Runs a destination against an enemy.
    @discardableResult
    private func receive(
        from enemy: (MigrationURI) throws -> Void
    ) async throws -> Result<MigrationInfo, MigrationError> {
        let target = try GuardedTarget(pageCount: Self.pageCount)
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target, deadlines: .short,
            logger: silent)
        let received = destination.begin()
        try enemy(destination.uri)
        let result = await received.value
        #expect(target.isIntactOutside)
        return result
    }

    /// Opens a session with one channel, does its worst, and goes away.
    private func attack(
        compression: String = "none", channels: Int = 1, hearsOut: Bool = true, _ worst: (FakeSource) throws -> Void
    ) async throws -> MigrationError? {
        let result = try await receive { uri in
            let source = try FakeSource(to: uri)
            try source.propose(blocks: Self.blocks, channels: channels, compression: compression)
            for number in 0..<channels { try source.openChannel(UInt8(number)) }
            try? worst(source)
            // What it still has to say is read to the end.
            while hearsOut, (try? source.main.receive()) != nil {}
            source.end()
        }
        if case .failure(let error) = result { return error }
        return nil
    }

    static let lies: [(what: String, tell: @Sendable (inout PacketHeader) -> Void)] = [
        ("page 256 of 256", { $0.pages[0] = 256 }),
        ("the last page there can be", { $0.pages[0] = .max }),
        ("a RAMBlock that was not announced", { $0.block = BlockName("rom") }),
        ("no RAMBlock", { $0.block = .none }),
        (
            "a zero page outside",
            {
                $0.zeroPageCount = 1
                $0.pages[1] = 300
            }
        ),
        ("a packet that is not next", { $0.number = 1 }),
        ("another codec", { $0.codec = .zstd }),
        (
            "deltas nobody asked for",
            {
                $0.normalPageCount = 0
                $0.deltaPageCount = 1
                $0.deltaByteCount = Page.byteCount
            }
        ),
    ]

    @Test(arguments: lies.indices)
    func `a packet that lies is refused`(lie: Int) async throws {
        let (what, tell) = Self.lies[lie]
        let error = try await attack { source in
            var (header, payload) = FakeSource.pages([7])
            tell(&header)
            try source.send(header, payload: payload)
        }
        guard case .protocolViolation(_, channel: 0, packet: 0) = error else {
            Issue.record("\(what): \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["zlib", "zstd"])
    func `a payload that is no stream of its codec is refused`(compression: String) async throws {
        let payload = SampleContent.random.bytes(count: 5000)
        let error = try await attack(compression: compression) { source in
            var (header, _) = FakeSource.pages([7, 9, 11])
            header.codec = compression == "zlib" ? .zlib : .zstd
            header.payloadByteCount = payload.count
            try source.send(header, payload: payload)
        }
        guard case .codec(_, channel: 0, packet: 0) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        arguments: [
            .channelLost(0), .channelLost(1), .channelLost(255), .channelClosed(0), .iterationEnd(barrier: 0),
            .iterationEnd(barrier: 2), .iterationEnd(barrier: .max), .barrierReached(barrier: 1), .handover, .running,
            .finish(SessionTotals()), .verified(memoryDigest: 0), .setup(ControlMessageTests.setup),
            .ready(SessionReady(features: [])), .hashAhead, .hashed, .working,
        ] as [ControlMessage])
    func `a message out of turn is refused`(message: ControlMessage) async throws {
        let error = try await attack { source in try source.main.send(message) }
        // One channel's loss is allowed; then the source goes away.
        #expect(error != nil)
    }

    /// The channel waits at its barrier when it is declared lost.
    @Test func `a channel that is declared lost at its barrier does not hang the destination`() async throws {
        let error = try await attack(channels: 2) { source in
            var sync = PacketHeader()
            sync.isSync = true
            try source.send(sync, on: 0)
            try source.main.send(.channelLost(0))
            guard case .channelClosed(0) = try source.main.receive() else {
                Issue.record("not closed")
                return
            }
        }
        #expect(error != nil)
    }

    @Test func `totals that are not those received are refused`() async throws {
        let error = try await attack { source in
            let (header, payload) = FakeSource.pages([1])
            try source.send(header, payload: payload)
            var sync = PacketHeader()
            sync.isSync = true
            sync.number = 1
            try source.send(sync)
            try source.main.send(.iterationEnd(barrier: 1))
            _ = try source.main.receive()
            try source.main.send(.deviceState([]))
            var totals = SessionTotals()
            totals.packets = 2
            try source.main.send(.finish(totals))
        }
        guard case .totalsMismatch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// What came of it would be written when the guest runs here already.
    @Test func `a packet that is withheld until the end is refused`() async throws {
        let error = try await attack { source in
            try source.passBarrier(1, channels: 1)
            let (header, payload) = FakeSource.pages([1], number: 1)
            let packet = FakeSource.packet(header, payload: payload)
            try source.send(Array(packet[..<PacketHeader.byteCount]))
            usleep(100_000)
            try source.main.send(.deviceState([]))
            try source.main.send(.finish(SessionTotals()))
        }
        guard case .protocolViolation(.pagesAfterLastBarrier, channel: 0, packet: nil) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a channel of another session, a number twice and one too many are refused, and the session goes on`()
        async throws
    {
        let error = try await attack(channels: 2) { source in
            // Its own channels are in once they have met at a barrier.
            try source.passBarrier(1, channels: 2)
            try source.openChannel(0)
            try source.openChannel(2)
            try source.openChannel(1, id: SessionID.random())
            try source.passBarrier(2, channels: 2)
        }
        #expect(error != nil)
    }

    @Test(arguments: ["workload:nosuch,ram=1MiB", "machine:pc"])
    func `a guest that cannot be built here is refused by its name`(configuration: String) async throws {
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: WorkloadTarget(), logger: silent)
        let received = destination.begin()
        let source = try FakeSource(to: destination.uri)
        #expect(throws: MigrationError.self) {
            try source.propose(blocks: Self.blocks, guestConfiguration: configuration)
        }
        source.end()
        let result = await received.value
        guard case .failure(.guest(_, let reason)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(reason.contains("'\(configuration)'"), "\(reason)")
    }

    @Test func `control characters do not get onto anybody's terminal`() async throws {
        let error = try await attack { source in
            try source.main.send(.refused(reason: "\u{1b}]0;owned\u{7}"))
        }
        #expect(error.map { !"\($0)".unicodeScalars.contains("\u{1b}") } == true)
    }

    @Test(arguments: [
        [SessionSetup.Block(name: "ram", byteCount: 1 << 44)],
        (0..<4096).map { SessionSetup.Block(name: "ram\($0)", byteCount: 1 << 44) },
    ])
    func `a guest larger than any machine is refused`(blocks: [SessionSetup.Block]) async throws {
        let result = try await receive { uri in
            let source = try FakeSource(to: uri)
            _ = try? source.propose(blocks: blocks)
            source.end()
        }
        guard case .failure = result else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `thousands of packets that lie in one field or another do no harm`() async throws {
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<30 {
            let compression = ["none", "zlib", "zstd"].randomElement(using: &generator) ?? "none"
            _ = try await attack(compression: compression, hearsOut: false) { source in
                for number in 0..<80 as Range<UInt64> {
                    let count = Int.random(in: 1...5, using: &generator)
                    var (header, payload) = FakeSource.pages(
                        (0..<count).map { _ in UInt32.random(in: 0..<256, using: &generator) }, number: number)
                    if number > Int.random(in: 0..<80, using: &generator) {
                        switch Int.random(in: 0..<7, using: &generator) {
                        case 0: header.pages[0] = UInt32.random(in: 250...260, using: &generator)
                        case 1: header.normalPageCount = Int.random(in: 0...6, using: &generator)
                        case 2: header.zeroPageCount = Int.random(in: 0...128, using: &generator)
                        case 3: header.codec = .zlib
                        case 4: header.payloadByteCount = Int.random(in: 0...1 << 21, using: &generator)
                        case 5: header.isSync = true
                        default: header.deltaByteCount = Int.random(in: 0...9000, using: &generator)
                        }
                    }
                    payload = Array(payload.prefix(header.payloadByteCount))
                    try source.send(header, payload: payload)
                }
            }
        }
    }

    @Test func `thousands of random streams end with an error each`() async throws {
        var generator = SeededGenerator(seed: 23)
        let beginnings: [[UInt8]] = [
            [], Greeting.ours.encoded, Array(Greeting.ours.encoded.prefix(4)), ChannelHelloTests.golden,
            Greeting.ours.encoded
                + ControlHeader(
                    for: .setup(ControlMessageTests.setup), body: ControlMessageTests.setupBody
                ).encoded + ControlMessageTests.setupBody,
        ]
        for round in 0..<500 {
            var bytes = beginnings[round % beginnings.count]
            bytes += (0..<Int.random(in: 1...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            if round % 2 == 1 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let result = try await receive { uri in
                let connection = try Connection.connect(
                    to: MigrationPath(destination: uri), deadline: .seconds(10),
                    patience: Patience(limit: .seconds(10)))
                try? connection.send(bytes, patience: Patience(limit: .seconds(10)))
                connection.shutdown()
                // One that did not even look like a source's has not ended the wait for one.
                let last = try? Connection.connect(
                    to: MigrationPath(destination: uri), deadline: .seconds(10), patience: Patience(limit: .seconds(10))
                )
                try? last?.send(Greeting(oldest: 8, newest: 9).encoded, patience: Patience(limit: .seconds(10)))
            }
            guard case .failure = result else {
                Issue.record("round \(round) was taken for a guest")
                return
            }
        }
    }

    /// Sees whether anybody listens, as port scanners, health checks and our own search for stale sockets do.
    @Test func `a probe does not end the wait for a source`() async throws {
        let target = MemoryTarget()
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target, logger: silent)
        let received = destination.begin()
        for _ in 0..<3 {
            _ = try Connection.connect(
                to: MigrationPath(destination: destination.uri), deadline: .seconds(10),
                patience: Patience(limit: .seconds(10)))
        }
        let guest = try SteppedGuest(pageCount: 16)
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        try await MigrationSource(guest: guest, to: destination.uri, parameters: parameters, logger: silent).run()
        _ = try await received.value.get()
        #expect(try contents(of: #require(target.memory)) == contents(of: guest.memory))
    }

    @Test(arguments: [[0x16, 3, 1, 2], [0x16, 3, 3, 0]] as [[UInt8]])
    func `a source that encrypts is told that it cannot here`(handshake: [UInt8]) async throws {
        let result = try await receive { uri in
            let connection = try Connection.connect(
                to: MigrationPath(destination: uri), deadline: .seconds(10), patience: Patience(limit: .seconds(10)))
            try connection.send(handshake, patience: Patience(limit: .seconds(10)))
        }
        #expect { try result.get() } throws: { "\($0)".contains("TLS, which is not spoken here") }
    }

    @Test func `a source that says what it is and no more is named as one`() async throws {
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: MemoryTarget(), deadlines: .short,
            logger: silent)
        let silentConnection = try Connection.connect(
            to: MigrationPath(destination: destination.uri), deadline: .seconds(10),
            patience: Patience(limit: .seconds(10)))
        try silentConnection.send(Array("SMFD".utf8), patience: Patience(limit: .seconds(10)))
        let result = await result(of: { () throws(MigrationError) in try await destination.run() })
        guard case .failure(.transport(.unidentified)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(destination.info.status == .failed)
        withExtendedLifetime(silentConnection) {}
    }
}
