import Glibc
import SystemPackage

extension Connection {
    /// Connects to the first address of a path that answers.
    ///
    /// - Parameter deadline: for each address.
    package static func connect(
        to path: MigrationPath, deadline: Duration, patience: Patience
    ) throws(TransportError) -> Connection {
        var failure = TransportError.unresolved(host: "\(path.destination)", reason: "it has no address")
        var localAddresses: [SocketAddress] = []
        if let local = path.localAddress {
            localAddresses = try SocketAddress.resolve(.tcp(host: local, port: 0), patience: patience)
            // Unless one of the destination's addresses is of its family.
            failure = .connectFrom(local: local, to: "\(path.destination)", .addressFamilyNotSupported)
        }
        for address in try SocketAddress.resolve(path.destination, patience: patience) {
            let local = localAddresses.first { $0.family == address.family }
            guard local != nil || path.localAddress == nil else { continue }
            do {
                return try connect(to: address, from: local, path: path, deadline: deadline, patience: patience)
            } catch .cancelled {
                throw .cancelled
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(
        to address: SocketAddress, from local: SocketAddress?, path: MigrationPath, deadline: Duration,
        patience: Patience
    ) throws(TransportError) -> Connection {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(address.family, type | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw .connect(to: "\(path.destination)", Errno(rawValue: errno)) }
        // From here on the connection owns the socket and closes it on every way out.
        let connection = Connection(owning: socket, peer: "\(path.destination)")
        if let local, let name = path.localAddress,
            unsafe local.withSocketAddress({ unsafe bind(socket, $0, $1) }) != 0
        {
            throw .connectFrom(local: name, to: "\(path.destination)", Errno(rawValue: errno))
        }
        let end = MonotonicTime.now + deadline
        var code = begin(socket, to: address)
        // A unix socket with a full queue has those who do not block try again, where TCP tries by itself.
        while code == EAGAIN, address.family == AF_UNIX, MonotonicTime.now < end {
            try patience.checkStop()
            Patience.sleep(for: pauseBeforeRetry)
            code = begin(socket, to: address)
        }
        if code == EINPROGRESS { code = try finishConnecting(socket, until: end, patience) }
        guard code == 0 else { throw .connect(to: "\(path.destination)", Errno(rawValue: code)) }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
        return connection
    }

    private static let pauseBeforeRetry = Duration.milliseconds(10)

    /// Returns an error number, 0 when the connection stands.
    private static func begin(_ socket: Int32, to address: SocketAddress) -> Int32 {
        unsafe address.withSocketAddress { unsafe Glibc.connect(socket, $0, $1) } == 0 ? 0 : errno
    }

    /// Waits for a connection that is being made. Returns its error number, 0 when it stands.
    private static func finishConnecting(
        _ socket: Int32, until deadline: MonotonicTime, _ patience: Patience
    ) throws(TransportError) -> Int32 {
        while MonotonicTime.now < deadline {
            try patience.checkStop()
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&entry, 1, Int32(Patience.tick.milliseconds)) > 0 else { continue }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
            return code
        }
        return ETIMEDOUT
    }
}
