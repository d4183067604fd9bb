import Multifd
import SystemPackage

/// A RAMBlock's file in a snapshot, open for reading.
final class MemoryFile: Sendable {
    let block: RAMBlock
    /// Where it may be anything but zero.
    let content: [Range<Int>]
    private static let pieceByteCount = 1 << 20

    init(path: String, name: String) throws(SnapshotError) {
        do {
            (block, content) = try Self.open(path, name)
        } catch {
            throw .inconsistent(path: path, problem: "\(error)")
        }
    }

    private static func open(_ path: String, _ name: String) throws -> (RAMBlock, [Range<Int>]) {
        let image = try ImageFile(path: path)
        // The block has a descriptor of its own.
        let block = try RAMBlock(name: name, byteCount: image.byteCount, backing: .readOnlyFile(image.descriptor))
        return (block, try image.dataRanges())
    }

    /// XXH3 of the whole file. Holes are not read.
    func hash() throws(MemoryError) -> String { try hash { true } ?? "" }

    /// The same; nil when it is not to go on.
    func hash(while goesOn: () -> Bool) throws(MemoryError) -> String? {
        try examine(countsContent: false, while: goesOn)?.hash
    }

    /// The same, and how many pages are not zero. Where a filesystem keeps holes says less: its blocks may be larger than a
    /// page, and not every filesystem has them.
    func hashAndCount(while goesOn: () -> Bool) throws(MemoryError) -> (hash: String, contentPageCount: Int)? {
        try examine(countsContent: true, while: goesOn)
    }

    private func examine(
        countsContent: Bool, while goesOn: () -> Bool
    ) throws(MemoryError) -> (hash: String, contentPageCount: Int)? {
        var checksum = StreamingChecksum()
        var contentPageCount = 0
        let buffer = try ScratchMemory(byteCount: Self.pieceByteCount)
        let zeros = try ScratchMemory(byteCount: Self.pieceByteCount)
        var next = 0
        func addZeros(upTo end: Int) {
            while next < end, goesOn() {
                let count = min(end - next, zeros.byteCount >> 12)
                unsafe checksum.update(UnsafeRawBufferPointer(start: zeros.start, count: count << 12))
                next += count
            }
        }
        for range in content {
            addZeros(upTo: range.lowerBound)
            while next < range.upperBound, goesOn() {
                let count = min(range.upperBound - next, buffer.byteCount >> 12)
                // Safe, here and below: the buffer has room for the piece.
                unsafe try block.read(next..<next + count, into: buffer.start)
                unsafe checksum.update(UnsafeRawBufferPointer(start: buffer.start, count: count << 12))
                next += count
                guard countsContent else { continue }
                for page in 0..<count {
                    let isZero = unsafe GuestPages.isZero(buffer.start + page << Page.shift)
                    if !isZero { contentPageCount += 1 }
                }
            }
        }
        addZeros(upTo: block.pageCount)
        guard next == block.pageCount else { return nil }
        return (FileContent.hexadecimal(checksum.value), contentPageCount)
    }
}
