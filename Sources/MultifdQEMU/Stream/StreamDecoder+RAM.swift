import Multifd

/// The bodies of RAM sections.
///
/// ```
/// record: be64 offset | flag [| 0x20 same block], [str8 block unless same], then
///     0x002 zero page: u8 0          0x008 page: 4096 bytes          0x040 delta: u8 1, be16 n, n bytes
///     0x010 end of the body          0x200 barrier
/// START begins with: be64 total | 0x004, { str8 block, be64 length, [be64 address with x-ignore-shared] }* up to total
/// ```
extension StreamDecoder {
    private static let maximumBlockCount = 4096

    mutating func decodeRecord(_ cursor: inout StreamCursor, _ section: StreamSection) throws(StreamError) -> Step {
        guard let word = cursor.integer(UInt64.self) else { return .incomplete }
        let offset = word & ~QEMUStream.Flag.all
        switch word & QEMUStream.Flag.all {
        case QEMUStream.Flag.blockList where section == .start && blocks.isEmpty:
            guard (1...UInt64(maximumRAMByteCount)).contains(offset) else {
                throw .unexpected(
                    what: "the size of RAM", expected: "1 to \(maximumRAMByteCount) bytes", found: "\(offset)")
            }
            state = .blockList(remaining: offset)
            return .nothing
        case QEMUStream.Flag.barrier where offset == 0 && !blocks.isEmpty:
            return .record(.barrier)
        case QEMUStream.Flag.end where offset == 0 && !blocks.isEmpty:
            state = .footer(section)
            return .record(.sectionEnd(section))
        case QEMUStream.Flag.hook:
            throw .recordKind("RDMA records", capability: "RDMA")
        case let flags where flags & QEMUStream.Flag.compressed != 0:
            throw .recordKind("pages of the old 'compress' capability", capability: "compress")
        case let flags:
            guard section != .start else { throw unknown(word, "the list of RAMBlocks and nothing else at the start") }
            return try decodePage(&cursor, flags, offset, word)
        }
    }

    private mutating func decodePage(
        _ cursor: inout StreamCursor, _ flags: UInt64, _ offset: UInt64, _ word: UInt64
    ) throws(StreamError) -> Step {
        let kind = flags & ~QEMUStream.Flag.sameBlock
        guard [QEMUStream.Flag.zero, QEMUStream.Flag.page, QEMUStream.Flag.delta].contains(kind) else {
            throw unknown(word, "one kind of page")
        }
        guard let block = try decodeBlockOfPage(&cursor, isSame: flags != kind) else { return .incomplete }
        guard offset <= UInt64(blocks[block].byteCount - Page.byteCount) else {
            throw .unexpected(
                what: "a page",
                expected: "an offset within '\(blocks[block].name)' of \(blocks[block].byteCount) bytes",
                found: "\(offset)")
        }
        let page = StreamPage(block: block, page: Int(offset >> UInt64(Page.shift)))
        let record: StreamRecord
        switch kind {
        case QEMUStream.Flag.zero:
            guard let fill = cursor.integer(UInt8.self) else { return .incomplete }
            guard fill == 0 else { throw .unexpected(what: "a zero page", expected: "zeros", found: "\(fill)") }
            record = .zeroPage(page)
        case QEMUStream.Flag.page:
            guard let range = cursor.range(Page.byteCount) else { return .incomplete }
            record = .page(page, at: range.lowerBound)
        default:
            guard let encoding = cursor.integer(UInt8.self), let count = cursor.integer(UInt16.self) else {
                return .incomplete
            }
            guard encoding == 1, count <= Page.byteCount else {
                throw .unexpected(
                    what: "a delta", expected: "encoding 1 and at most \(Page.byteCount) bytes",
                    found: "encoding \(encoding) and \(count) bytes")
            }
            guard let range = cursor.range(Int(count)) else { return .incomplete }
            record = .delta(page, range)
        }
        // Only now: a record that has not come whole is decoded again.
        currentBlock = block
        return .record(record)
    }

    private func decodeBlockOfPage(_ cursor: inout StreamCursor, isSame: Bool) throws(StreamError) -> Int? {
        if isSame {
            guard let currentBlock else {
                throw .unexpected(what: "a page", expected: "the name of its RAMBlock", found: "none before it")
            }
            return currentBlock
        }
        guard let name = cursor.string() else { return nil }
        guard let index = blockIndices[name] else {
            throw .unexpected(
                what: "a page", expected: "a RAMBlock that was announced", found: "'\(QEMUStream.printable(name))'")
        }
        return index
    }

    mutating func decodeBlock(_ cursor: inout StreamCursor, remaining: UInt64) throws(StreamError) -> Step {
        guard let name = cursor.string(), let length = cursor.integer(UInt64.self) else { return .incomplete }
        var address: UInt64?
        if configuration.ignoresSharedMemory {
            address = cursor.integer()
            guard address != nil else { return .incomplete }
        }
        guard let text = String(validating: name, as: UTF8.self), !name.isEmpty, !name.contains(where: { $0 < 0x20 })
        else {
            throw .unexpected(
                what: "a RAMBlock", expected: "a name in UTF-8 without control characters",
                found: "'\(QEMUStream.printable(name))'")
        }
        guard length > 0, length <= remaining, length % UInt64(Page.byteCount) == 0 else {
            throw .unexpected(
                what: "RAMBlock '\(text)'", expected: "a multiple of 4096 bytes, at most \(remaining)",
                found: "\(length)")
        }
        guard blockIndices[name] == nil, blocks.count < Self.maximumBlockCount else {
            throw .unexpected(
                what: "the list of RAMBlocks", expected: "at most \(Self.maximumBlockCount), each once",
                found: "'\(text)' again or one too many")
        }
        blockIndices[name] = blocks.count
        blocks.append(StreamBlock(name: text, byteCount: Int(length), address: address))
        guard length == remaining else {
            state = .blockList(remaining: remaining - length)
            return .nothing
        }
        state = .records(.start)
        return .record(.blocks(blocks, sectionID: ramSectionID ?? 0))
    }

    private func unknown(_ word: UInt64, _ expected: String) -> StreamError {
        .unexpected(what: "a record of RAM", expected: expected, found: "0x\(String(word, radix: 16))")
    }
}
