import Multifd

/// The hashes of a RAMBlock's pages, and with them its own.
///
/// A page's is its XXH3 with 64 bits, XOR that of a page of zeros, so that a zero page's is 0. The block's is the XXH3 of
/// these, eight bytes each with the lowest first, in the order of the pages. It can so be kept up while pages come in any
/// order: when the last is in, nobody has to read them all again before a paused guest may run on.
struct PageHashes {
    private let words: PageWords
    private static let zeroPage: UInt64 = {
        let zeros = [UInt8](repeating: 0, count: Page.byteCount)
        // Safe: `bytes` is unsafe for elements with padding, which UInt8 has not.
        return unsafe Checksum.of(zeros.span.bytes)
    }()

    init(pageCount: Int) throws(MemoryError) { words = try PageWords(pageCount: pageCount) }

    /// - Parameter content: that of all of `pages`.
    @unsafe
    func set(_ pages: Range<Int>, content: UnsafeRawPointer) {
        for (index, page) in pages.enumerated() {
            let bytes = unsafe UnsafeRawBufferPointer(start: content + index << Page.shift, count: Page.byteCount)
            words[page] = unsafe Checksum.of(memory: bytes) ^ Self.zeroPage
        }
    }

    func setZero(_ page: Int) { words[page] = 0 }

    /// The block's: sixteen hexadecimal digits.
    var value: String {
        // x86 and ARM, on which this builds, have the lowest byte first.
        words.hash.hexadecimal
    }

    /// Pages that are not zero.
    var contentPageCount: Int { (0..<words.pageCount).count { words[$0] != 0 } }
}
