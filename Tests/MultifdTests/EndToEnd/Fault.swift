import Multifd

/// What a ``FaultProxy`` does to one connection, once.
struct Fault: Sendable, CustomStringConvertible {
    enum Connection: Sendable, Hashable { case main, channel(UInt8) }
    enum Direction: Sendable, CaseIterable { case toDestination, toSource }

    /// The place in one direction of the connection.
    enum Place: Sendable {
        case byte(Int)
        /// Before the first byte of a message of the main channel, the so-many-eth of its kind.
        case before(ControlMessage.Kind, Int)
        case after(ControlMessage.Kind, Int)
    }

    enum Action: Sendable {
        /// Both ends see the end of the stream.
        case cut
        /// Both ends see a reset.
        case reset
        /// Nothing passes any more, in either direction.
        case stall
        /// One bit of the byte is changed.
        case flip
    }

    var connection: Connection
    var direction: Direction
    var place: Place
    var action: Action

    var description: String { "\(action) \(connection) \(direction) at \(place)" }

    static func main(_ direction: Direction, _ place: Place, _ action: Action = .cut) -> Fault {
        Fault(connection: .main, direction: direction, place: place, action: action)
    }

    /// Of what the source sends on a channel.
    static func channel(_ number: UInt8, byte: Int, _ action: Action = .cut) -> Fault {
        Fault(connection: .channel(number), direction: .toDestination, place: .byte(byte), action: action)
    }
}
