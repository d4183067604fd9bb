import Multifd

/// Adjacent pages that came in one iteration, as ``SnapshotRecording`` stores them.
package struct RecordedRun: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        case content = 1
        case zero = 2
        case unchanged = 3
    }

    package var block: Int
    package var kind: Kind
    package var first: Int
    package var count: Int
    /// Where the content of the first page is; 0 without content.
    package var place = 0

    static let byteCount = 32

    var pages: Range<Int> { first..<first + count }

    /// Takes up a run that continues this one in memory and in the file.
    mutating func merge(_ next: RecordedRun) -> Bool {
        guard next.block == block, next.kind == kind, next.first == first + count,
            kind != .content || next.place == place + count
        else { return false }
        count += next.count
        return true
    }

    func encode(to writer: inout MessageWriter) {
        writer.append(UInt32(block))
        writer.append(kind.rawValue)
        writer.append(UInt64(first))
        writer.append(UInt64(count))
        writer.append(UInt64(place))
    }
}

extension RecordedRun {
    /// A page by itself.
    ///
    /// - Parameter content: its place, 0 for a page of zeros, nil when it holds what it held before.
    init(block: Int, page: Int, content: Int?) {
        let kind: Kind =
            switch content {
            case nil: .unchanged
            case 0: .zero
            default: .content
            }
        self.init(block: block, kind: kind, first: page, count: 1, place: content ?? 0)
    }

    /// Decodes a run from a file that anybody may have written.
    ///
    /// - Parameters:
    ///   - pageCounts: of the RAMBlocks.
    ///   - contentCount: pages in the file of contents.
    init?(decoding reader: inout MessageReader, pageCounts: [Int], contentCount: Int) throws(WireError) {
        let block: UInt32 = try reader.integer()
        let kind: UInt32 = try reader.integer()
        let first: UInt64 = try reader.integer()
        let count: UInt64 = try reader.integer()
        let place: UInt64 = try reader.integer()
        guard let kind = Kind(rawValue: kind), Int(block) < pageCounts.count,
            count > 0, let end = Self.end(first, count), end <= pageCounts[Int(block)],
            let placeEnd = Self.end(place, kind == .content ? count : 0),
            kind == .content ? place > 0 && placeEnd <= contentCount : place == 0
        else { return nil }
        self.init(
            block: Int(block), kind: kind, first: end - Int(count), count: Int(count), place: Int(place))
    }

    private static func end(_ start: UInt64, _ count: UInt64) -> Int? {
        let (end, overflow) = start.addingReportingOverflow(count)
        return overflow ? nil : Int(exactly: end)
    }
}
