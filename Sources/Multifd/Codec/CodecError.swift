/// Why a payload could not be encoded or decoded.
package enum CodecError: Error, Equatable {
    /// The library refused; `reason` is its own word for it.
    case library(codec: String, operation: String, reason: String)
    /// A packet's payload gave fewer bytes than its header promised.
    case truncated(codec: String, missingByteCount: Int)
    /// A packet's payload goes on after the bytes that its header promised.
    case surplus(codec: String, byteCount: Int)
    /// The peer ended a stream that goes on for the whole migration.
    case endOfStream(codec: String)
    /// A channel's first payload does not begin like a stream of its codec.
    case invalidHeader(codec: String)
    /// A delta breaks its format's rules; `byteOffset` is where in it.
    case invalidDelta(byteOffset: Int, XBZRLE.Defect)
}

extension CodecError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    package var description: String {
        switch self {
        case .library(let codec, let operation, let reason):
            "\(codec) cannot \(operation): \(reason)"
        case .truncated(let codec, let missing):
            "a \(codec) payload ended \(missing) bytes before the pages that its packet announced were complete"
        case .surplus(let codec, let byteCount):
            "a \(codec) payload goes on, by \(byteCount) bytes or more, after the pages that its packet announced"
        case .endOfStream(let codec):
            "a \(codec) stream was ended by the peer, but a channel's stream goes on for the whole migration"
        case .invalidHeader(let codec):
            "a payload does not begin with a \(codec) header, but it is the first of its stream: the peer sends "
                + "something else, or earlier payloads were lost"
        case .invalidDelta(let byteOffset, let defect):
            "a delta is corrupt at its byte \(byteOffset): \(defect.rawValue)"
        }
    }
}
