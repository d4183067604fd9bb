/// A hash of a guest's whole memory, computed by several threads: the two ends of a migration compare theirs.
///
/// Memory is cut into pieces of 256 KiB, RAMBlock by RAMBlock; the digest is the XXH3 of the pieces' XXH3 hashes. A page that
/// is written costs the hash of its piece: with pieces of 2 MiB, a guest that writes 10 MB/s at random outran the hashing.
/// Smaller ones would take more than 36 MiB to keep track of for each TiB.
package struct MemoryDigest: Sendable {
    private static let pieceByteCount = 256 << 10
    private static let pagesPerPiece = pieceByteCount >> Page.shift

    private let memory: GuestMemory
    /// The number of each RAMBlock's first piece, and behind the last RAMBlock how many pieces there are.
    private let firstPieces: [Int]

    package init(of memory: GuestMemory) {
        self.memory = memory
        var firstPieces = [0]
        for block in memory.blocks {
            let count = (block.pageCount + Self.pagesPerPiece - 1) / Self.pagesPerPiece
            firstPieces.append(firstPieces[firstPieces.count - 1] + count)
        }
        self.firstPieces = firstPieces
    }

    var pieceCount: Int { firstPieces[memory.blocks.count] }

    /// The number of the piece that a page belongs to.
    package func piece(ofPage page: Int, inBlock block: Int) -> Int { firstPieces[block] + page / Self.pagesPerPiece }

    /// The digest of memory that nobody writes.
    ///
    /// - Parameter content: per RAMBlock, the ranges of pages that may be anything but zero, in ascending order. The
    ///   rest counts as zero without being read: reading a hole of a mapped file would fill it.
    package func compute(content: [[Range<Int>]]) throws(MemoryError) -> UInt64 {
        Self.combine(try hashes(ofPieces: Array(0..<pieceCount), content: content))
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
        for number in numbers {
            let (blockIndex, piece) = pages(ofPiece: number)
            let ranges = content[blockIndex]
            let first = Self.first(in: ranges.indices) { ranges[$0].upperBound > piece.lowerBound }
            if first == ranges.endIndex || ranges[first].lowerBound >= piece.upperBound,
                piece.count == Self.pagesPerPiece
            {
                hashes.append(Self.hashOfZeros)
                continue
            }
            checksum.begin()
            let block = memory.blocks[blockIndex]
            var next = piece.lowerBound
            func addZeros(upTo end: Int) {
                while next < end {
                    unsafe zeros.withUnsafeBytes { unsafe checksum.update($0) }
                    next += 1
                }
            }
            for range in ranges[first...] {
                guard range.lowerBound < piece.upperBound else { break }
                let pages = range.clamped(to: piece)
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
            addZeros(upTo: piece.upperBound)
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

    /// The RAMBlock of a piece, and its pages there. Worked out each time: to keep it would take three times as much memory
    /// as the hashes.
    private func pages(ofPiece number: Int) -> (block: Int, pages: Range<Int>) {
        let block = Self.first(in: memory.blocks.indices) { firstPieces[$0 + 1] > number }
        let first = (number - firstPieces[block]) * Self.pagesPerPiece
        return (block, first..<min(first + Self.pagesPerPiece, memory.blocks[block].pageCount))
    }

    /// The first of some numbers of which something is true that is true of all after it, too, by bisection; their end when it
    /// is true of none.
    private static func first(in numbers: Range<Int>, where isTrue: (Int) -> Bool) -> Int {
        var candidates = numbers
        while !candidates.isEmpty {
            let middle = candidates.lowerBound + candidates.count / 2
            candidates = isTrue(middle) ? candidates.lowerBound..<middle : middle + 1..<candidates.upperBound
        }
        return candidates.lowerBound
    }
}
