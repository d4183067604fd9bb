import Glibc
import Multifd
import Synchronization
import SystemPackage
import Testing

@Suite(.serialized) struct ListenerTests {
    private let patience = Patience(limit: .seconds(10))

    private func exchange(over listener: Listener) throws {
        let near = try Connection.connect(
            to: MigrationPath(destination: listener.uri), deadline: .seconds(10), patience: patience)
        let far = try #require(try listener.accept(within: .seconds(10)))
        try near.send([42], patience: patience)
        #expect(try far.receive(1, patience: patience) == [42])
    }

    @Test(arguments: ["tcp:127.0.0.1:0", "tcp:[::1]:0", "tcp:localhost:0", "tcp::0"])
    func `port 0 picks a port, and the URI names it`(text: String) throws {
        let listener = try listen(on: text)
        guard case .tcp(_, let port) = listener.uri else {
            Issue.record("\(listener.uri)")
            return
        }
        #expect(port > 0)
        try exchange(over: listener)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `no host means all addresses of both families, and a peer is known by its own`(host: String) throws {
        let listener = try listen(on: "tcp::0")
        guard case .tcp("", let port) = listener.uri else {
            Issue.record("\(listener.uri)")
            return
        }
        let near = try Connection.connect(
            to: MigrationPath(destination: .tcp(host: host, port: port)), deadline: .seconds(10), patience: patience)
        let far = try #require(try listener.accept(within: .seconds(10)))
        #expect(far.peer.hasPrefix(host.contains(":") ? "[\(host)]:" : "\(host):"))
        withExtendedLifetime(near) {}
    }

    /// Who connects to the port would meet the one or the other, by the family that is tried first.
    @Test(arguments: ["tcp:127.0.0.1:0", "tcp:[::1]:0"])
    func `without a host a port that is in use in one family is not taken in the other`(text: String) throws {
        let first = try listen(on: text)
        guard case .tcp(_, let port) = first.uri else {
            Issue.record("\(first.uri)")
            return
        }
        #expect(throws: TransportError.listen(on: "tcp::\(port)", .addressInUse)) {
            try Listener(on: .tcp(host: "", port: port))
        }
    }

    @Test func `a port in use is named`() throws {
        let first = try listen()
        #expect(throws: TransportError.listen(on: "\(first.uri)", .addressInUse)) { try Listener(on: first.uri) }
        try exchange(over: first)
    }

    @Test func `an address of another machine is refused`() {
        let error = #expect(throws: TransportError.listen(on: "tcp:192.0.2.1:0", .addressNotAvailable)) {
            try listen(on: "tcp:192.0.2.1:0")
        }
        #expect(error?.description == "cannot listen on tcp:192.0.2.1:0: this machine does not have that address")
    }

    /// It has no address of its own.
    @Test func `a peer on a unix socket is known by the socket`() throws {
        let listener = try listen(on: "unix:\(temporaryPath("named"))")
        let near = try Connection.connect(
            to: MigrationPath(destination: listener.uri), deadline: .seconds(10), patience: patience)
        #expect(try listener.accept(within: .seconds(10))?.peer == "\(listener.uri)")
        withExtendedLifetime(near) {}
    }

    @Test func `a socket file goes with its listener`() throws {
        let path = temporaryPath("socket")
        do {
            let listener = try listen(on: "unix:\(path)")
            try exchange(over: listener)
        }
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test func `a socket file goes with a shutdown, and what comes after it stays`() throws {
        let path = temporaryPath("shutdown")
        var first: Listener? = try listen(on: "unix:\(path)")
        first?.shutdown()
        #expect(unsafe access(path, F_OK) != 0)
        let second = try listen(on: "unix:\(path)")
        first = nil
        try exchange(over: second)
    }

    @Test func `a socket file that a killed program left is replaced`() throws {
        let path = temporaryPath("stale")
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(code == 0)
        close(stale)
        #expect(unsafe access(path, F_OK) == 0)
        try exchange(over: try listen(on: "unix:\(path)"))
    }

    @Test func `a socket that somebody listens on is left alone`() throws {
        let path = temporaryPath("live")
        let first = try listen(on: "unix:\(path)")
        let error = #expect(throws: TransportError.self) { try listen(on: "unix:\(path)") }
        #expect(error?.description == "unix:\(path) is in use by another program: choose another path")
        // What came to see whether somebody listens.
        _ = try first.accept(within: .seconds(10))
        try exchange(over: first)
    }

    @Test func `a file that is no socket is left alone`() throws {
        let file = try TemporaryFile()
        let error = #expect(throws: TransportError.self) { try listen(on: "unix:\(file.path)") }
        #expect(error?.description.contains("a file is there already, and it is not a socket") == true)
        #expect(unsafe access(file.path, F_OK) == 0)
    }

    @Test func `a shutdown ends an accept in another thread`() throws {
        let listener = try listen()
        let thread = WorkerThread(name: "accept") { while (try? listener.accept(within: .seconds(60))) != nil {} }
        usleep(1000)
        listener.shutdown()
        thread.join()
    }

    /// Both wake when somebody comes.
    @Test func `of two threads that wait for one connection, neither waits on`() throws {
        let listener = try listen()
        for _ in 0..<20 {
            let accepted = Mutex(0)
            let threads = (0..<2).map { number in
                WorkerThread(name: "accept \(number)") {
                    if (try? listener.accept(within: .milliseconds(100))) != nil { accepted.withLock { $0 += 1 } }
                }
            }
            usleep(5000)
            let client = try Connection.connect(
                to: MigrationPath(destination: listener.uri), deadline: .seconds(10), patience: patience)
            for thread in threads { thread.join() }
            #expect(accepted.withLock { $0 } == 1)
            client.shutdown()
        }
    }
}
