import Multifd

/// Takes the main stream of a migrating QEMU apart, record by record. It does no I/O and keeps no bytes: whoever calls it
/// holds what has come and has not been decoded yet.
///
/// ```
/// be32 "QEVM", be32 3
/// configuration
/// COMMAND*
/// START("ram")  [FULL of devices that set up early]
/// PART("ram")*  [COMMAND 11]
/// END("ram")
/// device state, to the end of the stream
///
/// section: u8 type, be32 id, [str8 name, be32 instance, be32 version if START or FULL], body, u8 0x7e, be32 id
/// command: u8 8, be16 command, be16 n, n bytes
/// ```
/// The bodies of RAM sections are in `StreamDecoder+RAM.swift`. No section says how long it is, so whatever is not known
/// ends the migration.
package struct StreamDecoder {
    /// Bytes that always suffice for the next record: the caller's buffer must hold them. An early section is found by
    /// what follows it, within 1 MiB.
    static let maximumRecordByteCount = maximumEarlySectionByteCount + 64
    /// Of one early section, and of all of them.
    static let maximumEarlySectionByteCount = 1 << 20
    private static let maximumCommandCount = 1024

    enum State: Equatable {
        case header
        case configuration
        case betweenSections
        /// Reading the list of RAMBlocks, of which that many bytes are still to be named.
        case blockList(remaining: UInt64)
        case records(StreamSection)
        case footer(StreamSection)
        case deviceState
    }

    var state = State.header
    package internal(set) var blocks: [StreamBlock] = []
    package private(set) var configuration = StreamConfiguration()
    let maximumRAMByteCount: Int
    var ramSectionID: UInt32?
    /// The block that a record without a name is about: that of the last record with one, in whatever section.
    var currentBlock: Int?
    var blockIndices: [[UInt8]: Int] = [:]
    private var hasPart = false
    private var isReturnPathOpen = false
    private var commandCount = 0
    private var earlyByteCount = 0

    /// - Parameter maximumRAMByteCount: a source that announces more is refused.
    package init(maximumRAMByteCount: Int = 16 << 40) { self.maximumRAMByteCount = maximumRAMByteCount }

    /// What the stream is at, for errors.
    package var place: String {
        switch state {
        case .header, .configuration: "at its beginning"
        case .betweenSections, .footer: "between two sections"
        case .blockList: "in the list of RAMBlocks"
        case .records: "within a RAM section"
        case .deviceState: "in the device state"
        }
    }

    /// Decodes the next record.
    ///
    /// - Parameter bytes: what follows the records that were decoded before. Ranges in the record are offsets in it.
    /// - Returns: the record, nil when not all of it has come, and the number of bytes that are done with in either case.
    package mutating func next(in bytes: RawSpan) throws(StreamError) -> (record: StreamRecord?, byteCount: Int) {
        var cursor = StreamCursor(bytes)
        while true {
            let start = cursor.offset
            switch try step(&cursor, bytes) {
            // A step that lacks bytes has changed nothing and is taken again.
            case .incomplete: return (nil, start)
            case .nothing: continue
            case .record(let record): return (record, cursor.offset)
            }
        }
    }

    enum Step {
        case incomplete
        /// Something that the receiver need not know.
        case nothing
        case record(StreamRecord)
    }

    private mutating func step(_ cursor: inout StreamCursor, _ bytes: RawSpan) throws(StreamError) -> Step {
        switch state {
        case .header: return try decodeHeader(&cursor)
        case .configuration:
            guard let found = try StreamConfiguration.decode(&cursor) else { return .incomplete }
            configuration = found
            state = .betweenSections
            return .record(.configuration(found))
        case .betweenSections: return try decodeSection(&cursor, bytes)
        case .blockList(let remaining): return try decodeBlock(&cursor, remaining: remaining)
        case .records(let section): return try decodeRecord(&cursor, section)
        case .footer(let section): return try decodeFooter(&cursor, section)
        case .deviceState:
            guard cursor.remaining > 0, let range = cursor.range(cursor.remaining) else { return .incomplete }
            return .record(.deviceState(range))
        }
    }
}

extension StreamDecoder {
    private mutating func decodeHeader(_ cursor: inout StreamCursor) throws(StreamError) -> Step {
        guard let magic = cursor.integer(UInt32.self), let version = cursor.integer(UInt32.self) else {
            return .incomplete
        }
        guard magic == QEMUStream.magic else { throw .magic(found: magic) }
        guard version == QEMUStream.version else { throw .version(found: version) }
        state = .configuration
        return .nothing
    }

    private mutating func decodeSection(_ cursor: inout StreamCursor, _ bytes: RawSpan) throws(StreamError) -> Step {
        let start = cursor.offset
        guard let type = cursor.integer(UInt8.self) else { return .incomplete }
        switch type {
        case StreamSection.start.rawValue: return try decodeStart(&cursor)
        case StreamSection.part.rawValue, StreamSection.end.rawValue:
            guard let id = cursor.integer(UInt32.self) else { return .incomplete }
            guard let ramSectionID, id == ramSectionID else {
                throw .unexpected(
                    what: "a section", expected: ramSectionID.map { "that of RAM, \($0)" } ?? "the start of RAM first",
                    found: "section \(id)")
            }
            hasPart = true
            state = .records(type == StreamSection.part.rawValue ? .part : .end)
            return .nothing
        case QEMUStream.SectionType.full:
            guard !hasPart else {
                throw .recordKind("device state before the end of RAM", capability: "background-snapshot")
            }
            guard let end = try EarlySection.end(in: bytes, from: start, ramSectionID: ramSectionID) else {
                return .incomplete
            }
            guard let range = cursor.range(end - cursor.offset) else { return .incomplete }
            earlyByteCount += range.upperBound - start
            guard earlyByteCount <= Self.maximumEarlySectionByteCount else {
                throw .unexpected(
                    what: "early sections", expected: "at most \(Self.maximumEarlySectionByteCount) bytes in all",
                    found: "more")
            }
            return .record(.earlySection(start..<range.upperBound, isAfterRAMStart: ramSectionID != nil))
        case QEMUStream.SectionType.command: return try decodeCommand(&cursor)
        default:
            throw .unexpected(what: "a section", expected: "type 1 to 4, or 8", found: "type \(type)")
        }
    }

    private mutating func decodeStart(_ cursor: inout StreamCursor) throws(StreamError) -> Step {
        guard let id = cursor.integer(UInt32.self), let name = cursor.string(),
            let instance = cursor.integer(UInt32.self), let version = cursor.integer(UInt32.self)
        else { return .incomplete }
        guard name == Array("ram".utf8) else {
            throw .liveSection(QEMUStream.printable(name))
        }
        guard ramSectionID == nil else {
            throw .unexpected(what: "RAM", expected: "one start", found: "another")
        }
        guard instance == 0, version == QEMUStream.ramVersion else {
            throw .unexpected(
                what: "RAM", expected: "instance 0 in version \(QEMUStream.ramVersion)",
                found: "instance \(instance) in version \(version)")
        }
        ramSectionID = id
        state = .records(.start)
        return .nothing
    }

    private mutating func decodeFooter(_ cursor: inout StreamCursor, _ section: StreamSection) throws(StreamError)
        -> Step
    {
        guard let type = cursor.integer(UInt8.self), let id = cursor.integer(UInt32.self) else { return .incomplete }
        guard type == QEMUStream.footer, id == ramSectionID else {
            throw .unexpected(
                what: "the end of a RAM section", expected: "its footer", found: "type \(type) of section \(id)")
        }
        guard section == .end else {
            state = .betweenSections
            return .nothing
        }
        state = .deviceState
        return .record(.ramComplete)
    }

    private mutating func decodeCommand(_ cursor: inout StreamCursor) throws(StreamError) -> Step {
        guard let number = cursor.integer(UInt16.self), let length = cursor.integer(UInt16.self) else {
            return .incomplete
        }
        guard length > 16 || cursor.remaining >= length else { return .incomplete }
        commandCount += 1
        guard commandCount <= Self.maximumCommandCount else {
            throw .unexpected(what: "commands", expected: "at most \(Self.maximumCommandCount)", found: "more")
        }
        func require(_ lengths: UInt16...) throws(StreamError) {
            guard lengths.contains(length) else {
                throw .unexpected(what: "command \(number)", expected: "\(lengths) bytes", found: "\(length)")
            }
        }
        switch number {
        case QEMUStream.Command.openReturnPath:
            try require(0)
            isReturnPathOpen = true
            return .record(.command(.openReturnPath))
        case QEMUStream.Command.ping:
            try require(4)
            guard let value = cursor.integer(UInt32.self) else { return .incomplete }
            guard isReturnPathOpen else {
                throw .unexpected(what: "a ping", expected: "an open return path", found: "none")
            }
            return .record(.command(.ping(value)))
        case QEMUStream.Command.postcopyAdvice:
            try require(0, 16)
            // A source that is told to start postcopy pauses its guest before it says so, for good: to refuse that then
            // would be too late. Without sizes only dirty bitmaps are meant, whose own section is refused.
            guard length == 0 else { throw .capability("postcopy-ram") }
            return .nothing
        case QEMUStream.Command.switchoverStart:
            try require(0)
            return .record(.command(.switchoverStart))
        default:
            throw .command(number, name: QEMUStream.commandNames[number] ?? "unknown")
        }
    }
}
