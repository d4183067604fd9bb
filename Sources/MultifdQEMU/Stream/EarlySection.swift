import Multifd

/// A device's section in the set-up phase. It does not say how long it is: its end is found by its footer and by what
/// follows, and proved later, when all device state is walked with the VM description.
enum EarlySection {
    /// Where the section that begins at `start` ends, or nil when that cannot be seen yet.
    static func end(in bytes: RawSpan, from start: Int, ramSectionID: UInt32?) throws(StreamError) -> Int? {
        var cursor = StreamCursor(bytes.extracting(droppingFirst: start))
        guard cursor.range(1) != nil, let id = cursor.integer(UInt32.self), let name = cursor.string(),
            cursor.range(8) != nil
        else { return nil }
        var offset = start + cursor.offset
        let limit = min(bytes.byteCount - 8, start + StreamDecoder.maximumEarlySectionByteCount)
        while offset <= limit {
            if bytes.bigEndian(UInt8.self, at: offset) == QEMUStream.footer,
                bytes.bigEndian(UInt32.self, at: offset + 1) == id,
                couldFollow(bytes, at: offset + 5, id: id, ramSectionID: ramSectionID)
            {
                return offset + 5
            }
            offset += 1
        }
        guard bytes.byteCount - start <= StreamDecoder.maximumEarlySectionByteCount else {
            throw .unexpected(
                what: "the early section of '\(QEMUStream.printable(name))'",
                expected: "its end within \(StreamDecoder.maximumEarlySectionByteCount) bytes", found: "none")
        }
        return nil
    }

    /// Whether a section or command may begin there. At least three bytes follow.
    private static func couldFollow(_ bytes: RawSpan, at offset: Int, id: UInt32, ramSectionID: UInt32?) -> Bool {
        let type = bytes.bigEndian(UInt8.self, at: offset)
        switch type {
        case QEMUStream.SectionType.command:
            return bytes.bigEndian(UInt16.self, at: offset + 1) <= QEMUStream.Command.switchoverStart
        case StreamSection.start.rawValue...QEMUStream.SectionType.full:
            guard offset + 5 <= bytes.byteCount else { return false }
            let next = bytes.bigEndian(UInt32.self, at: offset + 1)
            let isOther = type == StreamSection.start.rawValue || type == QEMUStream.SectionType.full
            return isOther ? next != id : next == ramSectionID
        default: return false
        }
    }
}
