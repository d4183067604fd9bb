/// What a workload writes into a page: content that compresses as that of real guests does.
///
/// Measured with zstd level 1 on packets of 128 pages: text to 37 %, records to about 45 %, random not at all.
enum PageContent: Equatable, Sendable {
    case zero
    /// Words of English with spaces.
    case text
    /// An array of 64-byte records: pointers into a common region, small numbers, flags, a hash, padding.
    case records
    /// No redundancy: encrypted or compressed data.
    case random
    /// That share of the page repeats one word, the rest is random.
    case compressible(Double)

    /// Writes the whole page. The bytes depend on the content and `key` alone.
    @unsafe
    @inline(__always)
    func write(key: UInt64, to page: UnsafeMutableRawPointer) {
        switch self {
        case .zero: unsafe page.initializeMemory(as: UInt8.self, repeating: 0, count: Page.byteCount)
        case .text: unsafe Vocabulary.english.write(key: key, to: page)
        case .records: unsafe Self.writeRecords(key: key, to: page)
        case .random: unsafe Self.writeRandom(key: key, wordCount: Self.wordCount, to: page)
        case .compressible(let share): unsafe Self.writeCompressible(share, key: key, to: page)
        }
    }

    private static let wordCount = Page.byteCount / 8

    @unsafe
    private static func writeRandom(key: UInt64, wordCount: Int, to page: UnsafeMutableRawPointer) {
        let words = unsafe page.assumingMemoryBound(to: UInt64.self)
        var sequence = RandomSequence(state: key)
        for index in 0..<wordCount {
            unsafe words[index] = sequence.value.littleEndian
            sequence.advance()
        }
    }

    @unsafe
    private static func writeRecords(key: UInt64, to page: UnsafeMutableRawPointer) {
        let words = unsafe page.assumingMemoryBound(to: UInt64.self)
        var sequence = RandomSequence(state: key)
        // Pages written by one program share the region that their pointers point to.
        let region: UInt64 = 0x0000_7F3A_4000_0000
        for record in 0..<wordCount / 8 {
            let first = sequence.value
            sequence.advance()
            let second = sequence.value
            sequence.advance()
            let at = record &* 8
            unsafe words[at] = (region | (first & 0xFF_FFFF) << 4).littleEndian
            unsafe words[at &+ 1] = (region | (first >> 40) << 4).littleEndian
            unsafe words[at &+ 2] = (first >> 24 & 0xFF).littleEndian
            unsafe words[at &+ 3] = (second & 0xFFFF_FFFF).littleEndian
            unsafe words[at &+ 4] = ((1 as UInt64) << (second >> 32 & 7)).littleEndian
            unsafe words[at &+ 5] = (second >> 35 & 0xFFF).littleEndian
            unsafe words[at &+ 6] = 0
            unsafe words[at &+ 7] = (0xFFFF_FFFF_0000_0000 | second >> 47).littleEndian
        }
    }

    @unsafe
    private static func writeCompressible(_ share: Double, key: UInt64, to page: UnsafeMutableRawPointer) {
        let randomCount = min(max(wordCount - Int((share * Double(wordCount)).rounded()), 0), wordCount)
        unsafe writeRandom(key: key, wordCount: randomCount, to: page)
        let words = unsafe page.assumingMemoryBound(to: UInt64.self)
        // Never zero, so that even a page that compresses to nothing is no zero page.
        let word = (RandomSequence.mix(~key) | 1).littleEndian
        for index in randomCount..<wordCount { unsafe words[index] = word }
    }
}
