import FoundationEssentials

/// The end of a complete device state: the end mark, then the VM description.
///
/// ```
/// ... sections, u8 0 (end), u8 6, be32 n, n bytes of JSON
/// ```
/// With an open return path a source waits, silent, when it has sent everything: only this tells the end.
package struct DeviceStateTail {
    /// More device state than this is refused.
    package static let maximumByteCount = 256 << 20

    /// Those of real machines have about 100 kB. To decode one takes many times its size.
    private static let maximumDescriptionByteCount = 8 << 20

    /// Where the end mark stands.
    package let endMark: Int
    /// The VM description's text; nil when the machine suppresses it.
    private let text: ArraySlice<UInt8>?

    /// Nil when the machine suppresses it.
    ///
    /// - Throws: ``StreamError/description(_:)`` when what stands in its place is none: its length alone is what tells an
    ///   end.
    package var description: VMDescription? {
        get throws(StreamError) {
            guard let text else { return nil }
            guard text.count <= Self.maximumDescriptionByteCount else {
                throw .description(
                    "it has \(text.count) bytes, and at most \(Self.maximumDescriptionByteCount) are expected")
            }
            do {
                return try JSONDecoder().decode(VMDescription.self, from: Data(text))
            } catch {
                throw .description("it is no list of devices in JSON")
            }
        }
    }

    /// Finds the tail of a device state that ends with its VM description. Nil when it is not complete.
    package init?(of bytes: [UInt8]) {
        // The description's text has no byte below 0x20, the number before it starts with one and has four: so the end
        // mark is found from the last such byte.
        guard let last = bytes.lastIndex(where: { $0 < 0x20 }) else { return nil }
        for mark in stride(from: last - 1, through: max(0, last - 5), by: -1) {
            guard bytes.count - mark > 6, bytes[mark] == QEMUStream.SectionType.end,
                bytes[mark + 1] == QEMUStream.SectionType.description
            else { continue }
            let byteCount = bytes[mark + 2..<mark + 6].reduce(0) { $0 << 8 | Int($1) }
            guard byteCount == bytes.count - mark - 6 else { continue }
            endMark = mark
            text = bytes[(mark + 6)...]
            return
        }
        return nil
    }

    /// The tail of a device state whose machine suppresses the VM description: all that can be seen of it is a footer
    /// before the end mark.
    package init?(withoutDescription bytes: [UInt8]) {
        guard bytes.count >= 6, bytes[bytes.count - 1] == 0, bytes[bytes.count - 6] == QEMUStream.footer else {
            return nil
        }
        endMark = bytes.count - 1
        text = nil
    }
}
