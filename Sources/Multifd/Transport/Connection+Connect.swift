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
        for address in try SocketAddress.resolve(path.destination) {
            do {
                return try connect(to: address, path: path, deadline: deadline, patience: patience)
            } catch .cancelled {
                throw .cancelled
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(
        to address: SocketAddress, path: MigrationPath, deadline: Duration, patience: Patience
    ) throws(TransportError) -> Connection {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(address.family, type | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { throw .connect(to: "\(path.destination)", Errno(rawValue: errno)) }
        // From here on the connection owns the socket and closes it on every way out.
        let connection = Connection(owning: socket, peer: "\(path.destination)")
        if let local = path.localAddress {
            try bind(socket, to: local, family: address.family)
        }
        var code = unsafe address.withSocketAddress { unsafe Glibc.connect(socket, $0, $1) }
        if code != 0, errno == EINPROGRESS {
            code = try finishConnecting(socket, path.destination, until: .now + deadline, patience)
        } else if code != 0 {
            code = errno
        }
        guard code == 0 else { throw .connect(to: "\(path.destination)", Errno(rawValue: code)) }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
        return connection
    }

    private static func bind(_ socket: Int32, to local: String, family: Int32) throws(TransportError) {
        let candidates = try SocketAddress.resolve(host: local, port: 0, isPassive: false)
        guard let address = candidates.first(where: { $0.family == family }) else {
            throw .connect(to: "from the local address \(local)", .addressFamilyNotSupported)
        }
        guard unsafe address.withSocketAddress({ unsafe Glibc.bind(socket, $0, $1) }) == 0 else {
            throw .connect(to: "from the local address \(local)", Errno(rawValue: errno))
        }
    }

    /// Waits for a connection that is being made. Returns its error number, 0 when it stands.
    private static func finishConnecting(
        _ socket: Int32, _ uri: MigrationURI, until deadline: MonotonicTime, _ patience: Patience
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
