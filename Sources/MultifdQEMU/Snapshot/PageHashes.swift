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
        // Safe: `bytes` is unsafe for elements with padding, which UInt8 does not have.
        return unsafe Checksum.of(zeros.span.bytes)
    }()

    init(pageCount: Int) throws(MemoryError) { words = try PageWords(pageCount: pageCount) }

    /// - Parameter content: that of all of `pages`.
    @unsafe
    func set(_ pages: Range<Int>, content: UnsafeRawPointer) {
        for (index, page) in pages.enumerated() {
            words[page] = unsafe Self.hash(ofPage: content + index << Page.shift)
        }
    }

    @unsafe
    private static func hash(ofPage page: UnsafeRawPointer) -> UInt64 {
        unsafe Checksum.of(memory: UnsafeRawBufferPointer(start: page, count: Page.byteCount)) ^ zeroPage
    }

    /// Of whole pages.
    @unsafe
    static func hashes(of pages: UnsafeRawBufferPointer) -> [UInt64] {
        guard let start = pages.baseAddress else { return [] }
        return stride(from: 0, to: pages.count, by: Page.byteCount).map { unsafe hash(ofPage: start + $0) }
    }

    func setZero(_ page: Int) { words[page] = 0 }

    /// The block's: sixteen hexadecimal digits.
    var value: String {
        // x86 and ARM, on which this builds, have the lowest byte first.
        words.hash.hexadecimal
    }

    /// The same of pages whose hashes are kept elsewhere.
    static func combine(_ hashes: [UInt64]) -> String {
        // Safe: `bytes` is unsafe for elements with padding, which UInt64 does not have.
        unsafe Checksum.of(hashes.span.bytes).hexadecimal
    }

    /// Pages that are not zero.
    var contentPageCount: Int { (0..<words.pageCount).count { words[$0] != 0 } }
}
