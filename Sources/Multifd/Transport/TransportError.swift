public import SystemPackage

/// Why bytes could not be moved between the two ends.
public enum TransportError: Error, Equatable {
    /// Not `tcp:HOST:PORT` or `unix:PATH`.
    case invalidURI(String, reason: String)
    /// The host's name has no address.
    case unresolved(host: String, reason: String)
    /// No connection could be made.
    case connect(to: String, Errno)
    /// No connection could be made from the local address that was asked for.
    case connectFrom(local: String, to: String, Errno)
    /// The address cannot be listened on, for example because it is in use.
    case listen(on: String, Errno)
    /// The system has no room for a connection that has come.
    case accept(on: String, Errno)
    /// The peer closed the connection where more was due.
    case closed(peer: String)
    /// The kernel reported an error on the connection.
    case broken(peer: String, Errno)
    /// Nothing moved on any connection for this long.
    case stalled(peer: String, after: Duration)
    /// A connection did not say in this time what it is.
    case unidentified(peer: String, after: Duration)
    /// This end was told to stop.
    case cancelled
}

extension TransportError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .invalidURI(let uri, let reason):
            "'\(uri)' is no migration URI: \(reason); write tcp:HOST:PORT, tcp:[IPv6]:PORT or unix:PATH"
        case .unresolved(let host, let reason):
            "the host '\(host)' cannot be found: \(reason)"
        case .connect(let address, .connectionRefused):
            "nothing listens on \(address): start 'multifd receive' there first"
        case .connect(let address, .noSuchFileOrDirectory):
            "there is no socket \(address): start 'multifd receive' there first"
        case .connect(let address, .tooManyOpenFiles):
            "cannot connect to \(address): \(Errno.tooManyOpenFiles); allow more descriptors (ulimit -n)"
        case .connect(let address, .resourceTemporarilyUnavailable):
            "cannot connect to \(address): as many as its queue holds wait there already, and none was let in; see whether "
                + "the program that listens there is stuck"
        case .connect(let address, let errno):
            "cannot connect to \(address): \(errno)"
        case .connectFrom(let local, let address, .addressFamilyNotSupported):
            "cannot connect to \(address) from the local address \(local): they are of different families, such as IPv4 "
                + "and IPv6"
        case .connectFrom(let local, let address, .addressNotAvailable):
            "cannot connect to \(address) from the local address \(local): this machine does not have it"
        case .connectFrom(let local, let address, let errno):
            "cannot connect to \(address) from the local address \(local): \(errno)"
        case .listen(let address, .fileExists):
            "cannot listen on \(address): a file is there already, and it is not a socket: choose another path"
        case .listen(let address, .addressInUse) where address.hasPrefix("unix:"):
            "\(address) is in use by another program: choose another path"
        case .listen(let address, .addressInUse):
            "\(address) is in use by another program: choose another port, or port 0 to have a free one picked"
        case .listen(let address, .addressNotAvailable):
            "cannot listen on \(address): this machine does not have that address"
        case .listen(let address, let errno):
            "cannot listen on \(address): \(errno)"
        case .accept(let address, .tooManyOpenFiles):
            "cannot take in all connections that come to \(address): \(Errno.tooManyOpenFiles); allow more descriptors "
                + "(ulimit -n)"
        case .accept(let address, let errno):
            "cannot take in all connections that come to \(address): \(errno)"
        case .closed(let peer):
            "the peer \(peer) closed the connection before the migration was complete"
        case .broken(let peer, let errno):
            "the connection to \(peer) broke: \(errno)"
        case .stalled(let peer, let duration):
            "nothing moved between here and \(peer) for \(duration.seconds.threeFigures) s: the peer or the network "
                + "is stuck"
        case .unidentified(let peer, let duration):
            "the connection from \(peer) did not say within \(duration.seconds.threeFigures) s what it is: it does not "
                + "speak this protocol"
        case .cancelled:
            "cancelled"
        }
    }
}
