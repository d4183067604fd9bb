import Glibc
import Multifd
import Synchronization
import SystemPackage

/// Stands between the two ends of a migration and passes on what they say, until its fault.
final class FaultProxy: Sendable {
    /// Where the source is to connect to.
    let uri: MigrationURI
    private let listener: Int32
    private let destination: UInt16
    private let fault: Fault
    private let isStopped = Atomic<Bool>(false)
    private let happened = Atomic<Bool>(false)
    private let threads = Mutex<[WorkerThread]>([])

    /// Whether the fault has happened. A test of what follows it is void otherwise.
    var hasHappened: Bool { happened.load(ordering: .acquiring) }

    init(to destination: MigrationURI, _ fault: Fault) throws {
        guard case .tcp(_, let port) = destination else { throw Errno.invalidArgument }
        self.destination = port
        self.fault = fault
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(port: 0)
        let code = unsafe withSocketAddress(&address) { unsafe bind(listener, $0, $1) }
        guard code == 0, listen(listener, 64) == 0 else { throw Errno(rawValue: errno) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withSocketAddress(&address) { address, _ in unsafe getsockname(listener, address, &length) }
        uri = .tcp(host: "127.0.0.1", port: UInt16(bigEndian: address.sin_port))
        let accepting = WorkerThread(name: "proxy") { [self] in accept() }
        threads.withLock { $0.append(accepting) }
    }

    /// Ends all connections and threads.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        // In turn: the first may add others.
        while let thread = threads.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { thread.join() }
        close(listener)
    }

    private func accept() {
        while !isStopped.load(ordering: .acquiring) {
            guard Self.isReadable(listener) else { continue }
            let near = Glibc.accept(listener, nil, nil)
            let far = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(port: destination)
            let code = unsafe withSocketAddress(&address) { unsafe connect(far, $0, $1) }
            guard near >= 0, code == 0 else {
                close(near)
                close(far)
                continue
            }
            let thread = WorkerThread(name: "proxied") { [self] in serve(near: near, far: far) }
            threads.withLock { $0.append(thread) }
        }
    }

    /// Passes bytes on in both directions until one side ends.
    private func serve(near: Int32, far: Int32) {
        defer {
            close(near)
            close(far)
        }
        var one: Int32 = 1
        for socket in [near, far] {
            unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var isOurs: Bool?
        var tracker = StreamTracker(fault.place)
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var first: [UInt8] = []
        while !isStopped.load(ordering: .acquiring) {
            var entries = [pollfd(fd: near, events: Int16(POLLIN), revents: 0)]
            entries.append(pollfd(fd: far, events: Int16(POLLIN), revents: 0))
            guard unsafe poll(&entries, 2, 20) > 0 else { continue }
            for (direction, from, to) in [(Fault.Direction.toDestination, near, far), (.toSource, far, near)] {
                guard entries[direction == .toDestination ? 0 : 1].revents != 0 else { continue }
                let count = unsafe recv(from, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                if isOurs == nil, direction == .toDestination {
                    first += buffer[..<count]
                    isOurs = Self.connection(first).map { $0 == fault.connection }
                }
                if isOurs != false, direction == fault.direction, !hasHappened,
                    let offset = tracker.append(buffer[..<count]), isOurs == true
                {
                    guard fault.action != .flip else {
                        happened.store(true, ordering: .releasing)
                        buffer[min(offset, count - 1)] ^= 0x04
                        guard forward(buffer[..<count], to: to) else { return }
                        continue
                    }
                    _ = forward(buffer[..<offset], to: to)
                    happened.store(true, ordering: .releasing)
                    return act(near, far)
                }
                guard forward(buffer[..<count], to: to) else { return }
            }
        }
    }

    private func act(_ near: Int32, _ far: Int32) {
        switch fault.action {
        case .cut, .flip: break  // the caller closes both
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            for socket in [near, far] {
                unsafe setsockopt(
                    socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            }
        case .stall: while !isStopped.load(ordering: .acquiring) { usleep(10_000) }
        }
    }

    /// What a connection is, by its first bytes; nil while too few have come.
    private static func connection(_ bytes: [UInt8]) -> Fault.Connection? {
        guard let first = bytes.first else { return nil }
        if first == UInt8(ascii: "S") { return .main }
        return bytes.count > 24 ? .channel(bytes[24]) : nil
    }

    private func forward(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var sent = bytes.startIndex
        while sent < bytes.endIndex, !isStopped.load(ordering: .acquiring) {
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&entry, 1, 20) > 0 else { continue }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = unsafe bytes[sent...].withUnsafeBytes { unsafe send(socket, $0.baseAddress, $0.count, flags) }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func isReadable(_ socket: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 20) > 0
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        return address
    }
}

/// Calls `body` with an address as the kernel's calls take it.
func withSocketAddress<Address, Value>(
    _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) throws -> Value
) rethrows -> Value {
    try unsafe withUnsafeMutablePointer(to: &address) { pointer in
        try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe try body($0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
