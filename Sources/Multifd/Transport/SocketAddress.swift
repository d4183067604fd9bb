import Dispatch
import Glibc
import SystemPackage

/// An address that the kernel understands, resolved from a ``MigrationURI``.
@safe
struct SocketAddress {
    let family: Int32
    private var storage: sockaddr_storage
    private let length: socklen_t

    /// All addresses of a URI, in the resolver's order of preference.
    ///
    /// - Parameter isPassive: for listening: an empty host then means any address of this machine, IPv6 first, which can
    ///   take peers of IPv4 as well.
    static func resolve(_ uri: MigrationURI, isPassive: Bool = false) throws(TransportError) -> [SocketAddress] {
        switch uri {
        case .unix(let path): return [try SocketAddress(unixPath: path)]
        case .tcp(let host, let port):
            let addresses = try resolve(host: host, port: port, isPassive: isPassive)
            guard isPassive, uri.isAnyAddress else { return addresses }
            return addresses.filter { $0.family == AF_INET6 } + addresses.filter { $0.family != AF_INET6 }
        }
    }

    /// The same, but ends with the session: the system's resolver cannot be told to, and a mute name server takes it many
    /// seconds.
    static func resolve(_ uri: MigrationURI, patience: Patience) throws(TransportError) -> [SocketAddress] {
        guard case .tcp(let host, let port) = uri else { return try resolve(uri) }
        // An address needs no name server.
        if let addresses = try? resolve(host: host, port: port, isPassive: false, flags: AI_NUMERICHOST) {
            return addresses
        }
        let answer = Condition(Result<[SocketAddress], TransportError>?.none)
        DispatchQueue.global().async {
            let found = Result { () throws(TransportError) in try resolve(uri) }
            answer.withLock { $0 = found }
        }
        while true {
            try patience.checkStop()
            if let found = answer.wait(until: .now + Patience.tick, { $0 }) { return try found.get() }
        }
    }

    private static func resolve(
        host: String, port: UInt16, isPassive: Bool, flags: Int32 = 0
    ) throws(TransportError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | flags | (isPassive ? AI_PASSIVE : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
        guard code == 0 else {
            throw .unresolved(host: host, reason: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr {
                unsafe addresses.append(SocketAddress(copying: address, length: entry.pointee.ai_addrlen))
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }

    /// The address to which a socket is bound, or that of its peer, read with `getsockname` or `getpeername`.
    init?(
        of socket: Int32,
        using read: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Safe: every kind of address starts like a sockaddr, and the length says how much room there is.
        let code = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.map { unsafe read(socket, $0, &length) }
                ?? -1
        }
        guard code == 0 else { return nil }
        self.storage = storage
        self.length = length
        family = Int32(storage.ss_family)
    }

    private init(copying address: UnsafeMutablePointer<sockaddr>, length: socklen_t) {
        var storage = sockaddr_storage()
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: min(bytes.count, Int(length))))
        }
        self.storage = storage
        self.length = length
        family = Int32(storage.ss_family)
    }

    private init(unixPath path: String) throws(TransportError) {
        try MigrationURI.unix(path: path).checkPath()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Safe: the path has at most 107 bytes, so it fits and a NUL stays behind it.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        var storage = sockaddr_storage()
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe withUnsafeBytes(of: &address) { unsafe bytes.copyMemory(from: $0) }
        }
        self.storage = storage
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        family = AF_UNIX
    }

    /// Calls `body` with the address as the kernel's calls take it.
    func withSocketAddress<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    /// Host and port in numbers. A peer of IPv4 on a socket of IPv6, `::ffff:192.0.2.1`, has its own address.
    var hostAndPort: (host: String, port: UInt16)? {
        guard family == AF_INET || family == AF_INET6 else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let code = unsafe withSocketAddress { address, length in
            unsafe getnameinfo(
                address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
                NI_NUMERICHOST | NI_NUMERICSERV)
        }
        guard code == 0, let port = UInt16(text(service)) else { return nil }
        let name = text(host)
        let mapped = "::ffff:"
        return (name.hasPrefix(mapped) && name.contains(".") ? String(name.dropFirst(mapped.count)) : name, port)
    }

    private func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension SocketAddress: CustomStringConvertible {
    var description: String {
        guard let (host, port) = hostAndPort else { return "unknown" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
