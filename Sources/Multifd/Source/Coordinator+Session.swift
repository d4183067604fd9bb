import Logging

extension Coordinator {
    /// Connects, negotiates, and starts the channels.
    func setUp() throws(MigrationError) {
        let parameters = state.parameters
        let connection: Connection
        do {
            // A path's local address goes with its destination: it need not lead to any other.
            let path = paths.first { $0.destination == uri } ?? MigrationPath(destination: uri)
            connection = try Connection.connect(to: path, deadline: deadlines.connect, patience: state.patience)
        } catch {
            throw .transport(error)
        }
        let main = MainChannel(connection, patience: state.patience)
        self.main = main
        try main.greetDestination()

        let setup = SessionSetup(
            sessionID: .random(),
            channelCount: UInt8(parameters.multifdChannels),
            compression: parameters.multifdCompression.rawValue,
            level: Int32(parameters.level),
            features: wantedFeatures,
            blocks: guest.memory.blocks.map { .init(name: $0.name, byteCount: UInt64($0.byteCount)) },
            guestConfiguration: guest.configuration)
        try send(.setup(setup))
        let answer = try main.receive()
        guard case .ready(let ready) = answer else {
            throw .unexpectedMessage(expected: "ready", found: answer.name)
        }
        features = ready.features.intersection(setup.features)
        if parameters.verifyMemory, !features.contains(.memoryDigest) {
            throw .refused(peer: connection.peer, reason: "it cannot verify memory: leave --verify-memory out")
        }
        if parameters.xbzrle, !features.contains(.deltas) {
            throw .refused(peer: connection.peer, reason: "it cannot take deltas: leave --xbzrle out")
        }
        // A guest that never writes has nothing to send twice.
        if parameters.xbzrle, guest.dirtyLog != nil {
            do {
                cache = try XBZRLECache(of: guest.memory, byteCount: parameters.xbzrleCacheSize)
            } catch {
                throw .memory(error)
            }
        }
        try startChannels(setup.sessionID, parameters)
    }

    private var wantedFeatures: SessionFeatures {
        var features: SessionFeatures = [.workWithinIteration]
        if state.parameters.verifyMemory { features.insert(.memoryDigest) }
        if state.parameters.xbzrle { features.insert(.deltas) }
        return features
    }

    private func startChannels(_ id: SessionID, _ parameters: MigrationParameters) throws(MigrationError) {
        let adviser =
            parameters.multifdCompression == .auto
            ? CodecAdviser(channelCount: parameters.multifdChannels, limit: state.limiter.bytesPerSecond) : nil
        let session = SendChannel.Session(
            id: id,
            memory: guest.memory,
            settings: PacketEncoder.Settings(
                compression: parameters.multifdCompression, level: parameters.level,
                rules: .native(parameters.multifdCompression, deltas: features.contains(.deltas)),
                channelCount: parameters.multifdChannels, adviser: adviser, cache: cache),
            queue: queue,
            gate: gate,
            limiter: state.limiter,
            patience: state.patience,
            connectDeadline: deadlines.connect)
        for number in 0..<parameters.multifdChannels {
            let channel = SendChannel(number: number, path: paths[number % paths.count], memory: guest.memory)
            channels.append(channel)
            channel.start(session)
        }
        // Each connection has its deadline, so this ends.
        var progress = gate.waitForConnections(until: .now + Patience.tick)
        while progress == nil {
            do { try state.patience.checkStop() } catch { throw .transport(error) }
            progress = gate.waitForConnections(until: .now + Patience.tick)
        }
        // A path that cannot be used from the start is the user's mistake, and not an accident to work around.
        for case .lost(let error) in progress ?? [] { throw error }
    }

    /// Takes the channels out of the session that broke since this was last called, and marks what they sent since the
    /// last barrier, once the destination has promised to apply no more of it.
    func replaceLostChannels() throws(MigrationError) {
        for (number, progress) in gate.channels.enumerated() {
            guard case .lost(let error) = progress, lostChannels.insert(number).inserted else { continue }
            if error.isCancellation { throw error }
            channels[number].shutdown()
            try send(.channelLost(UInt8(number)))
            try awaitReply("channelClosed \(number)") { $0 == .channelClosed(UInt8(number)) }
            channels[number].joinAndReturnPages(to: &bitmap, forgettingThemIn: cache)
            guard lostChannels.count < channels.count else { throw .noChannelLeft(lastReason: "\(error)") }
            logger.warning("channel \(number) is lost, the others go on: \(error)")
        }
    }

    func send(_ message: ControlMessage) throws(MigrationError) { try main?.send(message) }

    /// Does what moves no byte, and may take long, while the destination is told that it goes on.
    func working<Value>(_ body: () throws(MigrationError) -> Value) throws(MigrationError) -> Value {
        if let main { try main.whileWorking(body) } else { try body() }
    }

    /// Runs a call into the guest, which may take long, while the destination is told that it goes on.
    func asking<Value>(_ operation: String, _ body: () throws -> Value) throws(MigrationError) -> Value {
        try working { () throws(MigrationError) in try Multifd.asking(operation, body) }
    }

    /// Receives messages until the one that is due.
    ///
    /// - Parameter isAtBarrier: whether all channels have arrived at one. There the destination may say that one broke at its
    ///   end, and nowhere else: the thread of a channel that waits for batches would never end.
    func awaitReply(
        _ name: String, isAtBarrier: Bool = false, _ isDue: (ControlMessage) -> Bool
    ) throws(MigrationError) {
        while let message = try main?.receive(), !isDue(message) {
            guard isAtBarrier, case .channelLost(let number) = message, channels.indices.contains(Int(number)),
                !lostChannels.contains(Int(number))
            else {
                throw .unexpectedMessage(expected: name, found: message.name)
            }
            let peer = "\(channels[Int(number)].path.destination)"
            gate.lose(channel: Int(number), .transport(.closed(peer: peer)))
            try replaceLostChannels()
        }
    }
}
