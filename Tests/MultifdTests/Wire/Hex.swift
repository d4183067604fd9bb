import Multifd

/// Bytes written as hexadecimal digits; whatever is no digit only separates.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

extension Array where Element == UInt8 {
    /// These bytes with some of them replaced.
    func replacing(at offset: Int, with bytes: [UInt8]) -> [UInt8] {
        Array(self[..<offset] + bytes + self[(offset + bytes.count)...])
    }

    /// Calls `body` with a span over the bytes.
    func withRawSpan<Value, Failure: Error>(_ body: (RawSpan) throws(Failure) -> Value) throws(Failure) -> Value {
        // Safe: UInt8 has no padding.
        try body(unsafe span.bytes)
    }
}
