import Multifd

/// Reads a stream from its front. Every read gives nil when the bytes for it have not come yet.
struct StreamCursor: ~Escapable {
    private let bytes: RawSpan
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    var remaining: Int { bytes.byteCount - offset }

    @_lifetime(self: copy self)
    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value? {
        guard let range = range(MemoryLayout<Value>.size) else { return nil }
        return bytes.bigEndian(Value.self, at: range.lowerBound)
    }

    /// Where the next bytes stand; moves behind them.
    @_lifetime(self: copy self)
    mutating func range(_ byteCount: Int) -> Range<Int>? {
        guard remaining >= byteCount else { return nil }
        defer { offset += byteCount }
        return offset..<offset + byteCount
    }

    @_lifetime(self: copy self)
    mutating func bytes(_ byteCount: Int) -> [UInt8]? {
        guard let range = range(byteCount) else { return nil }
        return array(range)
    }

    /// A string behind its length, u8.
    @_lifetime(self: copy self)
    mutating func string() -> [UInt8]? {
        guard let count = integer(UInt8.self) else { return nil }
        return bytes(Int(count))
    }

    /// The next byte, without moving.
    var peek: UInt8? { remaining > 0 ? bytes.bigEndian(UInt8.self, at: offset) : nil }

    /// What was read since the beginning.
    var consumed: [UInt8] { array(0..<offset) }

    private func array(_ range: Range<Int>) -> [UInt8] {
        // Safe: the range lies within the span.
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
    }
}
