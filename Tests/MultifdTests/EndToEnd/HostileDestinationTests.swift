import Multifd
import Testing

/// A source whose destination is an enemy: whatever it answers, the source ends with an error and the guest runs on.
@Suite(.serialized) struct HostileDestinationTests {
    /// Migrates a guest to an enemy that gets the main channel once it has been greeted, and takes in the channels.
    private func send(
        greeting: [UInt8] = Greeting.ours.encoded, downtimeLimit: Duration = .seconds(60), timeout: Duration = .zero,
        _ enemy: @escaping @Sendable (MainChannel) throws -> Void
    ) async throws -> MigrationError? {
        let listener = try listen()
        let patience = Patience(limit: .seconds(10))
        let thread = WorkerThread(name: "enemy") {
            guard let connection = try? listener.accept(within: .seconds(10)) else { return }
            let accepting = WorkerThread(name: "enemy-channels") {
                var channels: [Connection] = []
                while let channel = try? listener.accept(within: .seconds(10)) { channels.append(channel) }
            }
            _ = try? connection.receive(Greeting.byteCount, patience: patience)
            try? connection.send(greeting, patience: patience)
            let main = MainChannel(connection, patience: patience)
            try? enemy(main)
            // What the source still has to say is read to the end.
            while (try? connection.receive(1, patience: patience)) ?? nil != nil {}
            listener.shutdown()
            accepting.join()
        }
        let guest = try SteppedGuest(pageCount: 64)
        var parameters = MigrationParameters()
        parameters.downtimeLimit = downtimeLimit
        parameters.timeout = timeout
        let source = try MigrationSource(
            guest: guest, to: listener.uri, parameters: parameters, deadlines: .short, logger: silent)
        let result = await result(of: { () throws(MigrationError) in try await source.run() })
        thread.join()
        guard case .failure(let error) = result else { return nil }
        if case .handoverUnconfirmed = error {
            #expect(!guest.isRunning)
        } else {
            #expect(guest.isRunning, "\(error)")
        }
        #expect(!guest.isLogging)
        return error
    }

    @Test(arguments: [
        "534d4644 0002 0003", "534d4644 0000 0000", "5145564d 0000 0003", "48545450 2f31 2e31", "00000000 0000 0000",
    ])
    func `another greeting is named`(greeting: String) async throws {
        let error = try await send(greeting: hex(greeting)) { _ in }
        guard case .protocolViolation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// As a QEMU does, with multifd off or on.
    @Test(arguments: [false, true]) func `who does not greet may be a QEMU`(isSilent: Bool) async throws {
        let error = try await send(greeting: []) { main in
            if isSilent { _ = try main.receive() } else { main.connection.shutdown() }
        }
        guard case .noGreeting(_, let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.hasPrefix(isSilent ? "was silent" : "closed"))
    }

    static let answers: [ControlMessage] = [
        .setup(ControlMessageTests.setup), .iterationEnd(barrier: 1), .barrierReached(barrier: 1),
        .barrierReached(barrier: 2), .channelLost(0), .channelLost(7), .channelClosed(0), .deviceState([1]),
        .finish(SessionTotals()), .verified(memoryDigest: 1), .handover, .running, .refused(reason: "no"),
        .hashAhead, .hashed, .working,
    ]

    @Test(arguments: answers.indices)
    func `another answer to the proposal is refused`(answer: Int) async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(Self.answers[answer])
        }
        #expect(error != nil)
    }

    @Test(arguments: answers.indices)
    func `another answer to the end of an iteration is refused`(answer: Int) async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            _ = try main.receive()
            try main.send(Self.answers[answer])
        }
        #expect(error != nil)
    }

    /// No answer may keep the guest paused, not even one that is right after an iteration.
    @Test(arguments: answers.indices.filter { ![.verified(memoryDigest: 1), .working].contains(answers[$0]) })
    func `another answer to the end of the pages gives the guest back`(answer: Int) async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            while true {
                switch try main.receive() {
                case .iterationEnd(let barrier): try main.send(.barrierReached(barrier: barrier))
                case .finish:
                    try main.send(Self.answers[answer])
                    // For a source that took it for the loss of a channel.
                    return try main.send(.channelClosed(0))
                default: break
                }
            }
        }
        if case .refused = Self.answers[answer] {
            guard case .refused = error else { Issue.record("\(String(describing: error))"); return }
        } else {
            guard case .unexpectedMessage(expected: "verified", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: answers.indices.filter { answers[$0] != .running })
    func `another answer to the handover leaves the guest paused`(answer: Int) async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            while true {
                switch try main.receive() {
                case .iterationEnd(let barrier): try main.send(.barrierReached(barrier: barrier))
                case .finish: try main.send(.verified(memoryDigest: 0))
                case .handover: return try main.send(Self.answers[answer])
                default: break
                }
            }
        }
        if case .refused = Self.answers[answer] {
            guard case .refused = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        } else {
            guard case .handoverUnconfirmed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `a destination that grants what was not asked for gets nothing`() async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: SessionFeatures(rawValue: .max))))
            while true {
                switch try main.receive() {
                case .iterationEnd(let barrier): try main.send(.barrierReached(barrier: barrier))
                case .hashAhead:
                    Issue.record("hashes were not asked for")
                    return
                case .finish: try main.send(.verified(memoryDigest: 0))
                case .handover: return try main.send(.running)
                default: break
                }
            }
        }
        #expect(error == nil)
    }

    @Test func `a destination that sends a byte now and then does not outlast the timeout`() async throws {
        let error = try await send(timeout: .seconds(1)) { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            // The header of a device state of 256 MiB, and nothing but a byte at a time of it.
            var header = ControlHeader(for: .deviceState([]), body: [])
            header.bodyByteCount = ControlMessage.maximumBodyByteCount
            try main.connection.send(header.encoded, patience: main.patience)
            while true {
                try main.connection.send([0], patience: main.patience)
                Patience.sleep(for: .milliseconds(20))
            }
        }
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a destination that does not take a paused guest does not keep it paused`() async throws {
        let error = try await send(downtimeLimit: .milliseconds(100)) { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            while true {
                switch try main.receive() {
                case .iterationEnd(let barrier): try main.send(.barrierReached(barrier: barrier))
                // And not a word more.
                case .finish: while true { _ = try main.receive() }
                default: break
                }
            }
        }
        guard case .switchoverTooSlow = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a lie about the memory's digest keeps the guest`() async throws {
        let error = try await send { main in
            _ = try main.receive()
            try main.send(.ready(SessionReady(features: [])))
            while true {
                switch try main.receive() {
                case .iterationEnd(let barrier): try main.send(.barrierReached(barrier: barrier))
                case .finish: return try main.send(.verified(memoryDigest: 99))
                default: break
                }
            }
        }
        guard case .digestMismatch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `random answers end with an error each`() async throws {
        for seed in 0..<150 as Range<UInt64> {
            let error = try await send { main in
                var generator = SeededGenerator(seed: seed)
                let patience = Patience(limit: .seconds(10))
                if seed % 2 == 0 {
                    _ = try main.receive()
                    try main.send(.ready(SessionReady(features: [])))
                }
                var bytes = (0..<Int.random(in: 16...64, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                if seed % 3 == 0 { bytes.replaceSubrange(0..<8, with: hex("0004 0000 00000004")) }
                try main.connection.send(bytes, patience: patience)
                main.connection.shutdown()
            }
            #expect(error != nil)
        }
    }
}
