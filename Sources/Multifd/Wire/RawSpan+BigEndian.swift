extension RawSpan {
    /// The big-endian integer at an offset. Traps outside the span.
    package func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        // Safe: unsafeLoadUnaligned checks the bounds, and every bit pattern is an integer.
        Value(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// Whether all bytes of a range are zero.
    package func isZero(in range: Range<Int>) -> Bool {
        range.allSatisfy { unsafe unsafeLoad(fromByteOffset: $0, as: UInt8.self) == 0 }
    }
}
