/// A hash of a guest's whole memory, computed by several threads: the two ends of a migration compare theirs.
///
/// Memory is cut into pieces of 256 KiB, RAMBlock by RAMBlock; the digest is the XXH3 of the pieces' XXH3 hashes. A page that
/// is written costs the hash of its piece: with pieces of 2 MiB, a guest that writes 10 MB/s at random outran the hashing.
/// Smaller ones would take more than 36 MiB to keep track of for each TiB.
package struct MemoryDigest: Sendable {
    private static let pieceByteCount = 256 << 10
    private static let pagesPerPiece = pieceByteCount >> Page.shift

    private struct Piece: Sendable {
        var block: Int
        var pages: Range<Int>
    }

    private let memory: GuestMemory
    private let pieces: [Piece]
    /// The number of each RAMBlock's first piece.
    private let firstPieces: [Int]

    package init(of memory: GuestMemory) {
        self.memory = memory
        var pieces: [Piece] = []
        var firstPieces: [Int] = []
        for (index, block) in memory.blocks.enumerated() {
            firstPieces.append(pieces.count)
            for first in stride(from: 0, to: block.pageCount, by: Self.pagesPerPiece) {
                pieces.append(
                    Piece(block: index, pages: first..<min(first + Self.pagesPerPiece, block.pageCount)))
            }
        }
        self.pieces = pieces
        self.firstPieces = firstPieces
    }

    var pieceCount: Int { pieces.count }

    /// The number of the piece that a page belongs to.
    package func piece(ofPage page: Int, inBlock block: Int) -> Int { firstPieces[block] + page / Self.pagesPerPiece }

    /// The digest of memory that nobody writes.
    ///
    /// - Parameter content: per RAMBlock, the ranges of pages that may be anything but zero, in ascending order. The
    ///   rest counts as zero without being read: reading a hole of a mapped file would fill it.
    package func compute(content: [[Range<Int>]]) throws(MemoryError) -> UInt64 {
        Self.combine(try hashes(ofPieces: Array(0..<pieces.count), content: content))
    }

    /// The digest, from the hashes of all pieces in order.
    static func combine(_ hashes: [UInt64]) -> UInt64 {
        // Safe: UInt64 has no padding.
        unsafe Checksum.of(hashes.span.bytes)
    }

    /// The hashes of some pieces, in the order in which they are named.
    package func hashes(ofPieces numbers: [Int], content: [[Range<Int>]]) throws(MemoryError) -> [UInt64] {
        guard !numbers.isEmpty else { return [] }
        // Not a Mutex, whose lock thread sanitizer cannot see on Linux.
        let all = Condition(Result<[UInt64], MemoryError>.success([UInt64](repeating: 0, count: numbers.count)))
        let shareCount = min(Cores.shareCount, numbers.count)
        Cores.share(shareCount, named: "mf-digest") { share in
            let mine = numbers.count * share / shareCount..<numbers.count * (share + 1) / shareCount
            let found = Result { () throws(MemoryError) in try hash(numbers[mine], content) }
            all.withLock { all in
                do throws(MemoryError) {
                    var hashes = try all.get()
                    hashes.replaceSubrange(mine, with: try found.get())
                    all = .success(hashes)
                } catch {
                    all = .failure(error)
                }
            }
        }
        return try all.withLock { $0 }.get()
    }

    private func hash(_ numbers: ArraySlice<Int>, _ content: [[Range<Int>]]) throws(MemoryError) -> [UInt64] {
        var checksum = StreamingChecksum()
        let buffer = try ScratchMemory(byteCount: Self.pieceByteCount)
        let zeros = [UInt8](repeating: 0, count: Page.byteCount)
        var hashes: [UInt64] = []
        for piece in numbers.map({ pieces[$0] }) {
            let ranges = content[piece.block]
            let first = Self.firstIndex(of: piece.pages, in: ranges)
            if first == ranges.endIndex || ranges[first].lowerBound >= piece.pages.upperBound,
                piece.pages.count == Self.pagesPerPiece
            {
                hashes.append(Self.hashOfZeros)
                continue
            }
            checksum.begin()
            let block = memory.blocks[piece.block]
            var next = piece.pages.lowerBound
            func addZeros(upTo end: Int) {
                while next < end {
                    unsafe zeros.withUnsafeBytes { unsafe checksum.update($0) }
                    next += 1
                }
            }
            for range in ranges[first...] {
                guard range.lowerBound < piece.pages.upperBound else { break }
                let pages = range.clamped(to: piece.pages)
                addZeros(upTo: pages.lowerBound)
                // Safe: the pages lie within the block, which outlives the call, and within the buffer.
                var start = unsafe block.address(ofPage: pages.lowerBound)
                if block.isFile {
                    unsafe try block.read(pages, into: buffer.start)
                    unsafe start = buffer.start
                }
                unsafe checksum.update(UnsafeRawBufferPointer(start: start, count: pages.count << Page.shift))
                next = pages.upperBound
            }
            addZeros(upTo: piece.pages.upperBound)
            hashes.append(checksum.value)
        }
        return hashes
    }

    /// The hash of a whole piece without content.
    private static let hashOfZeros: UInt64 = {
        let zeros = [UInt8](repeating: 0, count: pieceByteCount)
        var checksum = StreamingChecksum()
        checksum.begin()
        unsafe zeros.withUnsafeBytes { unsafe checksum.update($0) }
        return checksum.value
    }()

    /// The first of some ascending ranges that does not end before the pages begin, by bisection.
    private static func firstIndex(of pages: Range<Int>, in ranges: [Range<Int>]) -> Int {
        var candidates = ranges.indices
        while !candidates.isEmpty {
            let middle = candidates.lowerBound + candidates.count / 2
            if ranges[middle].upperBound <= pages.lowerBound {
                candidates = middle + 1..<candidates.upperBound
            } else {
                candidates = candidates.lowerBound..<middle
            }
        }
        return candidates.lowerBound
    }
}
