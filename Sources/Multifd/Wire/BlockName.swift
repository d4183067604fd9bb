import Glibc

/// A RAMBlock's name as it stands in a packet: up to 255 bytes, padded with NUL to 256.
///
/// Fixed storage, so that a packet is encoded and compared without allocating.
package struct BlockName: Sendable {
    package static let byteCount = 256
    package let bytes: [256 of UInt8]

    /// No name, as in packets without pages.
    package static let none = BlockName("")

    /// Traps when the name is longer than 255 bytes; ``RAMBlock`` has refused such names.
    package init(_ name: String) {
        precondition(name.utf8.count < Self.byteCount)
        var bytes = [256 of UInt8](repeating: 0)
        for (index, byte) in name.utf8.enumerated() { bytes[index] = byte }
        self.bytes = bytes
    }

    /// Decodes 256 bytes at an offset, or returns nil when none of them is NUL.
    package init?(decoding span: RawSpan, at offset: Int) {
        var bytes = [256 of UInt8](repeating: 0)
        for index in 0..<Self.byteCount { bytes[index] = span.bigEndian(UInt8.self, at: offset + index) }
        guard bytes[Self.byteCount - 1] == 0 else { return nil }
        self.bytes = bytes
    }

    package func encode(into output: inout OutputRawSpan) {
        for index in 0..<Self.byteCount { output.append(bigEndian: bytes[index]) }
    }
}

extension BlockName: Equatable, CustomStringConvertible {
    package static func == (left: BlockName, right: BlockName) -> Bool {
        // Safe: both buffers are `byteCount` long.
        unsafe withUnsafeBytes(of: left.bytes) { left in
            unsafe withUnsafeBytes(of: right.bytes) { right in
                guard let one = left.baseAddress, let other = right.baseAddress else { return false }
                return unsafe memcmp(one, other, byteCount) == 0
            }
        }
    }

    /// The bytes before the first NUL, with whatever is not printable ASCII replaced.
    package var description: String {
        var prefix: [UInt8] = []
        for index in 0..<Self.byteCount where bytes[index] != 0 && prefix.count == index { prefix.append(bytes[index]) }
        return String(decoding: prefix.map { 32...126 ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
