/// Builds the body of a control message, integers most significant byte first.
package struct MessageWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    package mutating func append(_ raw: [UInt8]) { bytes += raw }

    /// A string behind its length in bytes, be32.
    package mutating func append(_ string: String) {
        append(UInt32(string.utf8.count))
        bytes += string.utf8
    }
}
