import CPage

/// Reads pages of guest memory while the guest may write to them.
///
/// These are the only places where bytes of a running guest are read. A copy taken during a write may mix old and new
/// bytes; the dirty log knows, and the page goes again.
package enum GuestPages {
    /// Copies a page and finds out whether the copy is all zero, in one pass that costs no more than the copy.
    ///
    /// - Parameters:
    ///   - page: the first of `Page.byteCount` readable bytes, aligned to 8.
    ///   - destination: the first of as many writable bytes, aligned to 8, that nobody else touches.
    /// - Returns: whether what is at `destination` now is all zero.
    @unsafe
    package static func copy(_ page: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) -> Bool {
        unsafe CPage_copy(page, destination)
    }

    /// Whether a page of memory that does not change, such as an image, is all zero.
    ///
    /// - Parameter page: the first of `Page.byteCount` readable bytes, aligned to 8.
    @unsafe
    package static func isZero(_ page: UnsafeRawPointer) -> Bool {
        unsafe CPage_is_zero(page)
    }

    /// Copies a batch's pages one after another to `staging`, and closes the gaps that zero pages would leave: the
    /// normal pages end up contiguous, in the order of `normal`.
    ///
    /// - Parameters:
    ///   - pages: page numbers within `block`; trapped when outside it.
    ///   - staging: room for all of `pages`, aligned to 8, that nobody else touches. What follows the normal pages in
    ///     it is undefined.
    ///   - normal: gets the pages that hold anything, in the order of `pages`.
    ///   - zero: gets the pages whose copy was all zero, in the order of `pages`.
    @unsafe
    package static func stage(
        _ pages: Span<UInt32>, of block: RAMBlock, into staging: UnsafeMutableRawBufferPointer,
        normal: inout OutputSpan<UInt32>, zero: inout OutputSpan<UInt32>
    ) {
        guard !pages.isEmpty else { return }
        precondition(staging.count >= pages.count << Page.shift)
        // Not nil: the buffer has room for a page.
        guard var end = staging.baseAddress else { return }
        for index in pages.indices {
            let page = pages[index]
            // Within both: the page number is checked, and `end` has moved by at most one page for each before.
            if unsafe copy(block.address(ofPage: Int(page)), to: end) {
                zero.append(page)
            } else {
                normal.append(page)
                unsafe end += Page.byteCount
            }
        }
    }
}
