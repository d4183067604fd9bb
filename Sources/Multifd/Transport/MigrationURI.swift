/// Where a destination listens: `tcp:HOST:PORT` (IPv6 in brackets, port 0 to have one picked) or `unix:PATH`.
public enum MigrationURI: Hashable, Sendable {
    /// A host name or address without brackets (empty: any address of this machine), and a port, 0...65535.
    case tcp(host: String, port: UInt16)
    /// A path of at most 107 bytes, the most that Linux puts into a socket's address.
    case unix(path: String)

    /// - Throws: ``TransportError/invalidURI(_:reason:)``.
    public init(parsing text: String) throws(TransportError) {
        if text.hasPrefix("unix:") {
            self = .unix(path: String(text.dropFirst(5)))
            try checkPath()
        } else if text.hasPrefix("tcp:") {
            let rest = text.dropFirst(4)
            guard let colon = rest.lastIndex(of: ":") else { throw .invalidURI(text, reason: "it has no port") }
            var host = rest[..<colon]
            let digits = rest[rest.index(after: colon)...]
            guard let port = UInt16(digits), digits.allSatisfy(\.isNumber) else {  // UInt16 takes a sign, too
                throw .invalidURI(text, reason: "a port is a number from 0 to 65535")
            }
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
                guard !host.isEmpty else { throw .invalidURI(text, reason: "the brackets are empty") }
            } else if host.contains(":") {
                throw .invalidURI(text, reason: "an IPv6 address stands in brackets")
            }
            guard !host.utf8.contains(0) else { throw .invalidURI(text, reason: "a host has no NUL in its name") }
            self = .tcp(host: String(host), port: port)
        } else {
            throw .invalidURI(text, reason: "it starts with neither 'tcp:' nor 'unix:'")
        }
    }

    /// Whether it has an empty host: for a listener any address of this machine.
    var isAnyAddress: Bool {
        if case .tcp("", _) = self { true } else { false }
    }

    /// Checks that the path of a socket fits into an address.
    func checkPath() throws(TransportError) {
        guard case .unix(let path) = self else { return }
        guard (1...107).contains(path.utf8.count), !path.utf8.contains(0) else {
            throw .invalidURI("\(self)", reason: "a socket's path has 1 to 107 bytes, and no NUL")
        }
    }
}

extension MigrationURI: CustomStringConvertible {
    /// The text that ``init(parsing:)`` reads.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "tcp:[\(host)]:\(port)" : "tcp:\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
