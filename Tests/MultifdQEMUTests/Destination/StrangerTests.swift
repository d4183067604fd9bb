import Glibc
import Multifd
import MultifdQEMU
import Synchronization
import SystemPackage
import Testing

/// Who comes to the port of a destination that waits for a source, and is none.
@Suite struct StrangerTests {
    private static let patience = Patience(limit: .seconds(20))

    /// Has somebody come by, and then a source of another release, whom no destination serves.
    ///
    /// - Returns: what the destination warned of.
    private func visit(
        deadlines: Deadlines = Deadlines(), _ stranger: @escaping @Sendable (MigrationURI, CollectedLog) throws -> Void
    ) async throws -> [String] {
        let log = CollectedLog()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: MemoryTarget(), deadlines: deadlines,
            logger: log.logger)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        try await onThread(named: "script", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            try stranger(uri, log)
            let source = try ScriptedSource(to: uri)
            try source.main.send(Greeting(oldest: 8, newest: 9).encoded, patience: Self.patience)
            _ = try source.receive(Greeting.byteCount)
        }.get()
        await #expect { try await received.value } throws: { error in
            if case MigrationError.protocolViolation(.noCommonVersion, _, _) = error { true } else { false }
        }
        return log.lines
    }

    private static func wait(for count: Int, in log: CollectedLog) throws {
        for _ in 0..<2000 {
            if log.lines.count >= count { return }
            usleep(10_000)
        }
        throw QEMUProcess.Failure("nothing is warned of")
    }

    @Test(arguments: [
        ("GET / HTTP/1.0\r\n\r\n", "0x47455420"), ("SSH-2.0-OpenSSH_9.2\r\n", "0x5353482d"), ("ab", "closed"),
    ])
    func `who speaks another protocol is named, and does not end the wait`(words: String, found: String) async throws {
        let lines = try await visit { uri, log in
            let connection = try ScriptedSource(to: uri)
            try connection.main.send(Array(words.utf8), patience: Self.patience)
            connection.close()
            try Self.wait(for: 1, in: log)
        }
        #expect(lines.count == 1)
        #expect(lines.first?.contains(found) == true)
    }

    @Test func `who stays silent is named, and does not end the wait`() async throws {
        var deadlines = Deadlines()
        deadlines.handshake = .seconds(1)
        let lines = try await visit(deadlines: deadlines) { uri, log in
            let connection = try ScriptedSource(to: uri)
            #expect(try connection.receive(1) == [])
            try Self.wait(for: 1, in: log)
        }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("did not say within 1 s what it is") == true)
    }

    /// It may be a channel of the source that comes too late: the source sees no more than the end of the connection.
    @Test func `who comes when there are too many already is named`() async throws {
        let log = CollectedLog()
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: MemoryTarget(), deadlines: Deadlines(),
            logger: log.logger)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        try await onThread(named: "crowd", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            let crowd = try (0...300).map { _ in try ScriptedSource(to: uri) }
            try Self.wait(for: 1, in: log)
            for connection in crowd { connection.close() }
        }.get()
        destination.cancel()
        _ = await received.result
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("was dropped: 300 are open") == true)
    }

    /// As load balancers do that look whether anybody listens.
    @Test func `who looks and resets the connection is nobody's concern`() async throws {
        let lines = try await visit { uri, _ in
            for _ in 0..<3 { try Self.reset(uri) }
        }
        #expect(lines == [])
    }

    private static func reset(_ uri: MigrationURI) throws {
        guard case .tcp(_, let port) = uri else { return }
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isConnected = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Errno(rawValue: errno) }
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// The end of a migration breaks their connections, which is not their fault.
    @Test func `who is there at the end is not warned of`() async throws {
        let kept = Mutex<Connection?>(nil)
        let lines = try await visit { uri, _ in
            let connection = try ScriptedSource(to: uri).main
            kept.withLock { $0 = connection }
        }
        #expect(lines == [])
    }

    /// QEMU 10 says on its main connection what it is when all its channels are there, and may hang if these break first.
    @Test func `a QEMU with channels is told to be received as a snapshot`() async throws {
        let destination = try MigrationDestination(
            listeningOn: .tcp(host: "127.0.0.1", port: 0), target: MemoryTarget(), logger: silent)
        let received = Task { try await destination.run() }
        let uri = destination.uri
        try await onThread(named: "script", unstarted: { fatalError("\($0)") }) { () throws(any Error) in
            let source = try ScriptedSource(to: uri)
            for number in 0..<4 as Range<UInt8> { try source.addChannel(number) }
            var stream = StreamBytes()
            stream.begin()
            try source.send(stream)
            // Channels first: when one has ended, the main connection has before it.
            for _ in 0..<100_000 where !source.main.isReadable {
                let hasBrokenChannel = source.channels.contains(where: \.isReadable)
                #expect(!hasBrokenChannel || source.main.isReadable)
                usleep(100)
            }
            #expect(try source.receive(1) == [])
            source.close()
        }.get()
        await #expect { try await received.value } throws: { error in
            if case MigrationError.guestOfQEMU = error { true } else { false }
        }
    }
}
