/// Cuts a stream of bytes into messages: lines, or from a QEMU with `-qmp-pretty` as many lines as close all brackets.
struct MessageBuffer {
    /// The longest answer that is taken in: a peer that ends no message must not fill our memory.
    static let maximumMessageByteCount = 16 << 20
    private var bytes: [UInt8] = []
    private var scanned = 0
    /// Brackets that are open after what has been scanned.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// What has come of an unfinished message.
    var rest: [UInt8] { bytes }

    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    /// Takes the next whole message out, without its end.
    mutating func next() throws(QMPError) -> [UInt8]? {
        while scanned < bytes.count {
            let byte = bytes[scanned]
            // A string has no line end in it: where one has, it is no JSON, and the sooner told so.
            if byte == UInt8(ascii: "\n"), depth <= 0 || isInString { return take() }
            scan(byte)
            scanned += 1
        }
        guard bytes.count <= Self.maximumMessageByteCount else {
            throw .malformed(found: "it sent a message of more than \(Self.maximumMessageByteCount) bytes")
        }
        return nil
    }

    private mutating func scan(_ byte: UInt8) {
        switch byte {
        case _ where isEscaped: isEscaped = false
        case UInt8(ascii: "\\"): isEscaped = isInString
        case UInt8(ascii: "\""): isInString.toggle()
        case _ where isInString: break
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }

    private mutating func take() -> [UInt8] {
        var message = Array(bytes[..<scanned])
        if message.last == UInt8(ascii: "\r") { message.removeLast() }
        bytes.removeSubrange(...scanned)
        (scanned, depth, isInString, isEscaped) = (0, 0, false, false)
        return message
    }
}
