import Logging

/// What each connection is, and how those that belong to a session join it.
extension Acceptor {
    /// A record's type, and the first half of its version: the same in every version of TLS.
    private static let handshakeOfTLS: UInt32 = 0x1603

    /// Finds out what a connection is by its first four bytes, and has it be that, until it ends.
    func serve(_ connection: Connection, number: Int, _ patience: Patience) {
        guard let magic = receiveMagic(connection, patience) else { return }
        do throws(MigrationError) {
            switch magic {
            case Greeting.magic: try becomeMain(connection, patience)
            case ChannelHello.magic: try becomeChannel(connection, number: number, patience)
            case foreign?.magic: becomeForeignMain(connection)
            case Greeting.qemuMagic:
                // Before its channels: see `discard`.
                connection.shutdown()
                throw .guestOfQEMU
            case _ where magic >> 16 == Self.handshakeOfTLS:
                throw .protocolViolation(.encrypted(what: "a connection"), channel: nil, packet: nil)
            default:
                warn(
                    connection,
                    .protocolViolation(
                        .magic(what: "a connection", expected: Greeting.magic, found: magic), channel: nil, packet: nil)
                )
            }
        } catch {
            refuse(connection, named(error, connection, patience))
        }
    }

    /// Nil for a stranger that said nothing, or less, and must not end the wait for a source.
    private func receiveMagic(_ connection: Connection, _ patience: Patience) -> UInt32? {
        do throws(MigrationError) {
            return try receiveIfAny(4, connection, patience)?.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        } catch .transport(.broken) {
            return nil  // as load balancers leave that only look whether anybody listens here
        } catch {
            warn(connection, named(error, connection, patience))
            return nil
        }
    }

    private func named(_ error: MigrationError, _ connection: Connection, _ patience: Patience) -> MigrationError {
        guard error.isTransport, patience.isPastDeadline else { return error }
        return .transport(.unidentified(peer: connection.peer, after: deadlines.handshake))
    }

    /// What is a source, but none that can be served, ends the wait for one, with an error that says why. A session that has
    /// begun goes on.
    private func refuse(_ connection: Connection, _ error: MigrationError) {
        let isWaiting = state.withLock { state in
            guard state.main == nil, !state.isClosed else { return false }
            state.failure = state.failure ?? error
            return true
        }
        if !isWaiting { warn(connection, error) }
    }

    /// At the end all connections break, and nobody need know.
    private func warn(_ connection: Connection, _ error: MigrationError) {
        guard !state.withLock({ $0.isClosed }) else { return }
        logger.warning("a connection from \(connection.peer) was refused: \(error)")
    }

    private func becomeMain(_ connection: Connection, _ patience: Patience) throws(MigrationError) {
        let main = MainChannel(connection, patience: patience)
        try main.answerGreeting()
        let isFirst = state.withLock { state in
            guard state.main == nil else { return false }
            state.main = .native(main)
            return true
        }
        if !isFirst { main.refuse("another migration is under way here: wait for its end, or use another port") }
    }

    /// Only one source is served; a foreign one cannot be told why it is not.
    private func becomeForeignMain(_ connection: Connection) {
        let isFirst = state.withLock { state in
            guard state.main == nil else { return false }
            state.main = .foreign(connection)
            return true
        }
        if !isFirst { logger.warning("a second migration from \(connection.peer) was refused") }
    }

    private func becomeChannel(_ connection: Connection, number: Int, _ patience: Patience) throws(MigrationError) {
        defer { discard(connection) }
        var writer = MessageWriter()
        writer.append(ChannelHello.magic)
        writer.append(try receive(ChannelHello.byteCount - 4, connection, patience))
        let hello: ChannelHello
        do {
            // Safe: `bytes` is unsafe for elements with padding, which UInt8 does not have.
            hello = try ChannelHello(decoding: unsafe writer.bytes.span.bytes)
        } catch {
            throw .protocolViolation(error, channel: nil, packet: nil)
        }
        let channel = ReceiveChannel(number: Int(hello.channel), connection: connection)
        guard let session = join(channel, of: hello.sessionID, connectionNumber: number) else {
            // No other source opens channels before it has said what it is.
            guard foreign != nil || state.withLock({ $0.main != nil }) else { throw .guestOfQEMU }
            guard state.withLock({ !$0.isLeaving && !$0.isClosed }) else { return }
            let error = MigrationError.protocolViolation(undue(hello), channel: nil, packet: nil)
            failForeignSession(error)
            throw error
        }
        channel.run(session)
    }

    /// Why no such channel is welcome.
    private func undue(_ hello: ChannelHello) -> WireError {
        let (main, session) = state.withLock { ($0.main, $0.session) }
        let number = Int(hello.channel)
        if case .foreign = main, let count = session?.channel.barrier.channelCount, number >= count {
            return .channelCount(expected: count, atLeast: number + 1)
        }
        return .field(
            what: "the first packet of a channel", field: "its session and number",
            expected: "those of a channel that is due", found: "channel \(number)")
    }

    /// Waits for the session, if its source may open channels before it announces itself, and takes the channel in.
    private func join(_ channel: ReceiveChannel, of id: SessionID, connectionNumber: Int) -> ReceiveChannel.Session? {
        func isDecided(_ state: inout State) -> Bool? {
            state.session != nil || foreign == nil || state.isLeaving || state.isClosed ? true : nil
        }
        if state.wait(until: .now + deadlines.handshake, isDecided) == nil {
            // A source that is there may take its time before it announces RAM.
            guard state.withLock({ $0.main != nil }) else { return nil }
            guard state.wait(until: .now + deadlines.stall, isDecided) != nil else { return nil }
        }
        return state.withLock { state in
            guard let session = state.session, !state.isLeaving, !state.isClosed, session.id ?? id == id,
                session.channel.barrier.join(channel: channel.number)
            else { return nil }
            state.session?.id = id
            state.channels[channel.number] = Channel(channel: channel, connectionNumber: connectionNumber)
            return session.channel
        }
    }

    /// A foreign source opens all its channels or none: one too many means that the two ends count differently.
    private func failForeignSession(_ error: MigrationError) {
        state.withLock { state in
            guard case .foreign = state.main, !state.isClosed, let channel = state.session?.channel else { return }
            channel.barrier.fail(error)
            channel.patience.stop()
        }
    }

    /// Takes what a foreign source, which may not have said yet that it is one, still says on a channel that has ended here,
    /// until it ends it, too. A QEMU whose channel breaks before its main connection does may hang, and can never migrate its
    /// guest again.
    private func discard(_ connection: Connection) {
        if case .native = state.withLock({ $0.main }) { return }
        let patience = Patience(until: .now + Self.leave)
        do throws(TransportError) {
            while try connection.receiveAvailable(upTo: 1 << 16, within: Self.leave, patience: patience) != nil {
                // Where everything flows nobody ever waits and would notice.
                try patience.checkStop()
            }
        } catch {}  // its end, or ours
    }

    private func receive(
        _ byteCount: Int, _ connection: Connection, _ patience: Patience
    ) throws(MigrationError) -> [UInt8] {
        guard let bytes = try receiveIfAny(byteCount, connection, patience) else {
            throw .transport(.closed(peer: connection.peer))
        }
        return bytes
    }

    /// Receives nothing from a connection that has ended.
    private func receiveIfAny(
        _ byteCount: Int, _ connection: Connection, _ patience: Patience
    ) throws(MigrationError) -> [UInt8]? {
        do { return try connection.receive(byteCount, patience: patience) } catch { throw .transport(error) }
    }
}
