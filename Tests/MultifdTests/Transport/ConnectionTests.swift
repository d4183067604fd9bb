import Glibc
import Multifd
import SystemPackage
import TestProcesses
import Testing

@Suite(.serialized) struct ConnectionTests {
    @Test func `bytes arrive, in order, through a socket smaller than they are`() throws {
        let pair = try LoopbackPair()
        let bytes = SampleContent.random.bytes(count: 1 << 20) + SampleContent.text.bytes(count: 1 << 20)
        let patience = Patience(limit: .seconds(60))
        let sender = WorkerThread(name: "sender") { try? pair.near.send(bytes, patience: patience) }
        #expect(try pair.far.receive(bytes.count, patience: patience) == bytes)
        sender.join()
    }

    @Test func `gathered pieces arrive scattered`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .seconds(60))
        let from = try ScratchMemory(byteCount: 1 << 20)
        let to = try ScratchMemory(byteCount: 1 << 20)
        let content = SampleContent.random.bytes(count: 1 << 20)
        unsafe from.start.copyMemory(from: content, byteCount: content.count)
        let start = unsafe UInt(bitPattern: from.start)
        let sender = WorkerThread(name: "sender") {
            var list = GatherList(capacity: 3)
            for (offset, count) in [(0, 5000), (5000, 600_000), (605_000, (1 << 20) - 605_000)] {
                if let piece = unsafe UnsafeMutableRawPointer(bitPattern: start + UInt(offset)) {
                    unsafe list.append(piece, count)
                }
            }
            try? pair.near.send(&list, limiter: BandwidthLimiter(bytesPerSecond: 100 << 20), patience: patience)
        }
        for piece in [0..<77, 77..<1 << 20] {
            let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: to.buffer[piece])
            let isOpen = unsafe try pair.far.receive(into: buffer, patience: patience)
            #expect(isOpen)
        }
        sender.join()
        #expect(unsafe Array(to.buffer) == content)
        withExtendedLifetime(from) {}
    }

    @Test func `a peer that goes silent is given up`() throws {
        let pair = try LoopbackPair()
        let limit = Duration.milliseconds(150)
        #expect(throws: TransportError.stalled(peer: "far", after: limit)) {
            try pair.near.receive(1, patience: Patience(limit: limit))
        }
        // Nobody reads: sending stops where the socket is full.
        #expect(throws: TransportError.stalled(peer: "far", after: limit)) {
            try pair.near.send([UInt8](repeating: 1, count: 8 << 20), patience: Patience(limit: limit))
        }
    }

    @Test func `as long as something moves elsewhere nothing is given up`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .milliseconds(250))
        let isDone = Flag()
        let other = WorkerThread(name: "other") {
            for _ in 0..<50 where !isDone.isSet {
                patience.renew()
                usleep(20_000)
            }
            try? pair.far.send([7], patience: patience)
        }
        #expect(try pair.near.receive(1, patience: patience) == [7])
        isDone.set()
        other.join()
    }

    @Test func `a deadline ends a wait although bytes move`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .seconds(60))
        patience.setDeadline(.now + .milliseconds(100))
        #expect(throws: TransportError.cancelled) { try pair.near.receive(1, patience: patience) }
        #expect(patience.isPastDeadline)
    }

    @Test func `a stop ends waits of either kind`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .seconds(60))
        patience.stop()
        #expect(throws: TransportError.cancelled) { try pair.near.receive(1, patience: patience) }
        #expect(throws: TransportError.cancelled) {
            try pair.near.send([UInt8](repeating: 1, count: 8 << 20), patience: patience)
        }
        let slow = BandwidthLimiter(bytesPerSecond: 1)
        #expect(throws: TransportError.cancelled) {
            for _ in 0..<2 { _ = try slow.wait(for: 1, patience: patience) }
        }
    }

    @Test func `the end of a stream is told from a stream that breaks off`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .seconds(60))
        try pair.far.send([1, 2, 3], patience: patience)
        pair.far.shutdown()
        #expect(throws: TransportError.closed(peer: "far")) { try pair.near.receive(4, patience: patience) }
        #expect(try pair.near.receive(4, patience: patience) == nil)
        #expect(throws: TransportError.closed(peer: "far")) { try pair.near.send([1], patience: patience) }
    }

    /// A peer that was reset may have had its say, unheard: that is not the same as a peer that closed.
    @Test func `a reset is told from an end`() throws {
        let listener = try listen()
        let patience = Patience(limit: .seconds(60))
        let near = try Connection.connect(
            to: MigrationPath(destination: listener.uri), deadline: .seconds(10), patience: patience)
        do {
            // Closed with a byte unread, a socket answers by a reset.
            let far = try #require(try listener.accept(within: .seconds(10)))
            try near.send([1, 2], patience: patience)
            _ = try far.receive(1, patience: patience)
        }
        #expect(throws: TransportError.broken(peer: near.peer, .connectionReset)) {
            try near.receive(1, patience: patience)
        }
    }

    // MARK: Connecting

    @Test func `nobody listens: the error says what to start`() throws {
        let uri = try listen().uri  // closed again
        let error = #expect(throws: TransportError.self) { try connect(to: uri) }
        #expect(error?.description.contains("multifd receive") == true)
        #expect(throws: TransportError.self) { try connect(to: .unix(path: "/tmp/there/is/no/such/socket")) }
    }

    @Test(arguments: ["", "/" + String(repeating: "x", count: 107), String(repeating: "/x", count: 3000), "/a\0b"])
    func `a path that no socket can have is refused, and written nowhere`(path: String) {
        let error = #expect(throws: TransportError.self) { try connect(to: .unix(path: path)) }
        #expect(error?.description.contains("a socket's path has 1 to 107 bytes") == true)
        #expect(throws: TransportError.self) { try Listener(on: .unix(path: path)) }
    }

    @Test func `a host without an address is named`() {
        let error = #expect(throws: TransportError.self) {
            try connect(to: .tcp(host: "no-such-host.invalid", port: 1))
        }
        #expect(error?.description.contains("no-such-host.invalid") == true)
    }

    @Test func `connecting may be cancelled, and has a deadline`() throws {
        // A full backlog leaves further connections hanging.
        let full = try FullListener()
        #expect(throws: TransportError.connect(to: "\(full.uri)", .timedOut)) {
            try connect(to: full.uri, deadline: .milliseconds(150))
        }
        let patience = Patience(limit: .seconds(60))
        patience.stop()
        #expect(throws: TransportError.cancelled) { try connect(to: full.uri, deadline: .seconds(60), patience) }
    }

    @Test func `a connection may start from a chosen local address`() throws {
        let listener = try listen()
        let near = try Connection.connect(
            to: MigrationPath(destination: listener.uri, localAddress: "127.0.0.2"), deadline: .seconds(10),
            patience: Patience(limit: .seconds(10)))
        let far = try #require(try listener.accept(within: .seconds(10)))
        #expect(far.peer.hasPrefix("127.0.0.2:"))
        withExtendedLifetime(near) {}
    }

    @Test(arguments: [
        ("192.0.2.1", "this machine does not have it"),
        ("::1", "they are of different families, such as IPv4 and IPv6"),
    ]) func `a local address that cannot be used is named with its reason`(local: String, reason: String) throws {
        let uri = try listen().uri
        let error = #expect(throws: TransportError.self) {
            try Connection.connect(
                to: MigrationPath(destination: uri, localAddress: local), deadline: .seconds(10),
                patience: Patience(limit: .seconds(10)))
        }
        #expect(error?.description == "cannot connect to \(uri) from the local address \(local): \(reason)")
    }

    /// That the last address is of the other family says nothing about why the others failed.
    @Test(arguments: ["127.0.0.1", "::1"])
    func `of the destination's addresses only those of the local address's family are tried`(local: String) throws {
        let uri = try listen(on: "tcp::0").uri  // closed again; no host has addresses of both families
        #expect(throws: TransportError.connect(to: "\(uri)", .connectionRefused)) {
            try Connection.connect(
                to: MigrationPath(destination: uri, localAddress: local), deadline: .seconds(10),
                patience: Patience(limit: .seconds(10)))
        }
    }

    private func connect(
        to uri: MigrationURI, deadline: Duration = .seconds(10), _ patience: Patience = Patience(limit: .seconds(10))
    ) throws -> Connection {
        try Connection.connect(to: MigrationPath(destination: uri), deadline: deadline, patience: patience)
    }
}

/// A TCP listener that takes no connection any more.
private final class FullListener {
    let uri: MigrationURI
    private let sockets: [Int32]

    init() throws {
        let type = Int32(SOCK_STREAM.rawValue)
        let listener = socket(AF_INET, type, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var others: [Int32] = []
        try unsafe withUnsafeMutablePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(unsafe bind(listener, address, length) == 0)
                try #require(listen(listener, 0) == 0)
                try #require(unsafe getsockname(listener, address, &length) == 0)
                for _ in 0..<4 {
                    let other = socket(AF_INET, type | Int32(SOCK_NONBLOCK.rawValue), 0)
                    _ = unsafe connect(other, address, length)
                    others.append(other)
                }
            }
        }
        uri = .tcp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
        sockets = [listener] + others
    }

    deinit { for socket in sockets { close(socket) } }

    @Test func `a unix socket with a full queue is waited for, as one of TCP is`() throws {
        let path = "/tmp/multifd-queue-\(getpid()).sock"
        let uri = MigrationURI.unix(path: path)
        let listener = try ShortQueue(at: path)
        func connect(within deadline: Duration) throws(TransportError) -> Connection {
            try Connection.connect(
                to: MigrationPath(destination: uri), deadline: deadline, patience: Patience(limit: .seconds(30)))
        }
        let first = try connect(within: .zero)
        let full = TransportError.connect(to: "\(uri)", .resourceTemporarilyUnavailable)
        #expect(throws: full) { try connect(within: .zero) }
        #expect("\(full)".contains("its queue"))
        let server = WorkerThread(name: "server") {
            Patience.sleep(for: .milliseconds(100))
            listener.dropFirst()
        }
        _ = try connect(within: .seconds(30))
        server.join()
        withExtendedLifetime(first) {}
    }
}
