import Multifd

/// What a receiver says to a source on the main connection, once the source has said that it listens.
///
/// ```
/// be16 type, be16 length, body        1 SHUT: be32 0 if all is loaded    2 PONG: be32 of the PING    7 SWITCHOVER_ACK
/// ```
enum ReturnPath {
    case shut(code: UInt32)
    case pong(UInt32)
    case switchoverAcknowledgement

    var bytes: [UInt8] {
        var writer = MessageWriter()
        switch self {
        case .shut(let code):
            writer.append(QEMUStream.Answer.shut)
            writer.append(UInt16(4))
            writer.append(code)
        case .pong(let value):
            writer.append(QEMUStream.Answer.pong)
            writer.append(UInt16(4))
            writer.append(value)
        case .switchoverAcknowledgement:
            writer.append(QEMUStream.Answer.switchoverAcknowledgement)
            writer.append(UInt16(0))
        }
        return writer.bytes
    }
}
