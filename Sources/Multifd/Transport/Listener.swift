import Glibc
import Synchronization
import SystemPackage

/// A socket that waits for the connections of a migration.
package final class Listener: Sendable {
    /// Where it listens, with the port that was picked.
    package let uri: MigrationURI
    private let socket: Int32
    /// Whether a unix socket's file has been removed: what is at its path then may be another's.
    private let isNameless = Atomic(false)
    /// Main channel and 255 channels may all be on their way at once.
    private static let backlog: Int32 = 512
    private static let shortages: Set<Errno> = [
        .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .noBufferSpace,
    ]

    package init(on uri: MigrationURI) throws(TransportError) {
        var failure = TransportError.listen(on: "\(uri)", .addressNotAvailable)
        for address in try SocketAddress.resolve(uri, isPassive: true) {
            do {
                socket = try Self.open(address, uri)
            } catch {
                failure = error
                // Half of a port is not what was asked for, and would hide that the other half is somebody else's.
                if uri.isAnyAddress, case .listen(_, .addressInUse) = error { break }
                continue
            }
            if case .tcp(let host, _) = uri,
                let bound = unsafe SocketAddress(of: socket, using: { unsafe getsockname($0, $1, $2) })?.hostAndPort
            {
                self.uri = .tcp(host: host, port: bound.port)
            } else {
                self.uri = uri
            }
            return
        }
        throw failure
    }

    deinit {
        removeName()
        close(socket)
    }

    private func removeName() {
        guard case .unix(let path) = uri, !isNameless.exchange(true, ordering: .relaxed) else { return }
        _ = unsafe unlink(path)
    }

    /// Ends `accept` in whatever thread it waits, and hangs up on those that wait to be accepted: on a unix socket they
    /// would otherwise learn nothing as long as the listener exists.
    package func shutdown() {
        removeName()
        // Those who come meanwhile must not prolong it.
        for _ in 0..<Self.backlog { guard (try? accept(within: .zero)) != nil else { break } }
        _ = Glibc.shutdown(socket, Int32(SHUT_RDWR))
    }

    /// Waits for a connection. Returns nil when nobody came within the time, or after `shutdown`.
    ///
    /// - Throws: ``TransportError/accept(on:_:)`` after this time, when somebody waits whom the system has no room for.
    package func accept(within time: Duration) throws(TransportError) -> Connection? {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, Int32(time.milliseconds)) > 0 else { return nil }
        let accepted = Glibc.accept(socket, nil, nil)
        guard accepted >= 0 else {
            let error = Errno(rawValue: errno)
            guard Self.shortages.contains(error) else { return nil }
            // Whoever waits is still there, and to ask again at once would spin.
            Patience.sleep(for: time)
            throw .accept(on: "\(uri)", error)
        }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        // Who connects to a unix socket has no address: it is known by where it came.
        guard case .tcp = uri else { return Connection(owning: accepted, peer: "\(uri)") }
        let peer = unsafe SocketAddress(of: accepted, using: { unsafe getpeername($0, $1, $2) })
        return Connection(owning: accepted, peer: peer.map { "\($0)" } ?? "unknown")
    }

    private static func open(_ address: SocketAddress, _ uri: MigrationURI) throws(TransportError) -> Int32 {
        // Not blocking: of two threads that see somebody wait, one is too late. What is accepted does block.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(address.family, type, 0)
        guard socket >= 0 else { throw .listen(on: "\(uri)", Errno(rawValue: errno)) }
        var on: Int32 = 1
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if uri.isAnyAddress, address.family == AF_INET6 {
            // Peers of IPv4, too, whatever the system's default is.
            var off: Int32 = 0
            unsafe setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, socklen_t(MemoryLayout<Int32>.size))
        }
        if case .unix(let path) = uri { removeStaleSocket(path, address) }
        guard unsafe address.withSocketAddress({ unsafe bind(socket, $0, $1) }) == 0, listen(socket, backlog) == 0
        else {
            var error = Errno(rawValue: errno)
            close(socket)
            // The kernel calls either in use.
            if error == .addressInUse, case .unix(let path) = uri, let type = fileType(path), type != S_IFSOCK {
                error = .fileExists
            }
            throw .listen(on: "\(uri)", error)
        }
        return socket
    }

    /// Of what is at a path itself, be it a link; nil where nothing is.
    private static func fileType(_ path: String) -> mode_t? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    /// Removes a socket file that a killed program left behind: one to which nobody listens any more.
    private static func removeStaleSocket(_ path: String, _ address: SocketAddress) {
        guard fileType(path) == S_IFSOCK else { return }
        // Not blocking: a listener whose queue is full would keep it waiting.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let probe = Glibc.socket(AF_UNIX, type, 0)
        guard probe >= 0 else { return }
        defer { close(probe) }
        guard unsafe address.withSocketAddress({ unsafe connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            return
        }
        _ = unsafe unlink(path)
    }
}
