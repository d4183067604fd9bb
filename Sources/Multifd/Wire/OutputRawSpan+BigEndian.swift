extension OutputRawSpan {
    /// Appends an integer, most significant byte first. Traps when there is no room.
    package mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(bigEndian value: Value) {
        // Safe: append checks the room, and an integer has no padding.
        unsafe append(value.bigEndian, as: Value.self)
    }

    mutating func appendZeros(_ count: Int) {
        unsafe append(repeating: 0, count: count, as: UInt8.self)
    }
}
