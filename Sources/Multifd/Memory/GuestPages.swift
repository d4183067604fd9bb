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
}
