/// The frame in front of a control message's body: see ``ControlMessage``.
package struct ControlHeader: Equatable, Sendable {
    package var kind: ControlMessage.Kind
    package var bodyByteCount: Int
    package var checksum: UInt64

    package init(for message: ControlMessage, body: [UInt8]) {
        kind = message.kind
        bodyByteCount = body.count
        checksum = 0
        checksum = Checksum.of(prefix, body)
    }

    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = MessageReader("a control message", bytes)
        let kind: UInt16 = try reader.integer()
        let reserved: UInt16 = try reader.integer()
        let length: UInt32 = try reader.integer()
        checksum = try reader.integer()
        try reader.finish()
        guard let known = ControlMessage.Kind(rawValue: kind) else {
            throw .field(
                what: "a control message", field: "its type", expected: "1 to \(ControlMessage.Kind.allCases.count)",
                found: "\(kind)")
        }
        guard reserved == 0 else {
            throw .field(
                what: "the message '\(known)'", field: "its reserved part", expected: "0", found: "\(reserved)")
        }
        let limit =
            known == .deviceState
            ? ControlMessage.maximumBodyByteCount : ControlMessage.maximumPlainBodyByteCount
        guard length <= limit else {
            throw .field(
                what: "the message '\(known)'", field: "its length", expected: "at most \(limit)", found: "\(length)")
        }
        self.kind = known
        bodyByteCount = Int(length)
    }

    package var encoded: [UInt8] {
        var writer = MessageWriter()
        writer.append(prefix)
        writer.append(checksum)
        return writer.bytes
    }

    /// Throws when a body is not the one that was announced.
    package func verify(_ body: [UInt8]) throws(WireError) {
        let found = Checksum.of(prefix, body)
        guard found == checksum else {
            throw .checksum(what: "the message '\(kind)'", expected: checksum, found: found)
        }
    }

    private var prefix: [UInt8] {
        var writer = MessageWriter()
        writer.append(kind.rawValue)
        writer.append(UInt16(0))
        writer.append(UInt32(bodyByteCount))
        return writer.bytes
    }
}
