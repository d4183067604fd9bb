/// Takes the body of a control message apart. Every length is checked before it is believed.
package struct MessageReader {
    private let what: String
    private let bytes: [UInt8]
    private var offset = 0

    /// - Parameter what: the message's name, for errors.
    package init(_ what: String, _ bytes: [UInt8]) {
        self.what = what
        self.bytes = bytes
    }

    package mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(WireError) -> Value
    {
        let count = Value.bitWidth / 8
        return try raw(count).reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }

    package mutating func raw(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        guard count >= 0, bytes.count - offset >= count else {
            throw .truncated(what: what, expected: offset + max(0, count), found: bytes.count)
        }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    package mutating func string(_ field: String, maximumByteCount: Int) throws(WireError) -> String {
        let count: UInt32 = try integer()
        guard count <= maximumByteCount else {
            throw .field(
                what: what, field: "the length of \(field)", expected: "at most \(maximumByteCount)", found: "\(count)")
        }
        guard let string = String(validating: try raw(Int(count)), as: UTF8.self) else {
            throw .field(what: what, field: field, expected: "UTF-8", found: "other bytes")
        }
        // Sooner or later it is shown, and must not steer somebody's terminal.
        guard !string.hasControlCharacters else {
            throw .field(what: what, field: field, expected: "text", found: "control characters")
        }
        return string
    }

    /// Ends the reading: nothing may be left over.
    package func finish() throws(WireError) {
        guard offset == bytes.count else {
            throw .field(what: what, field: "its length", expected: "\(offset)", found: "\(bytes.count)")
        }
    }
}
