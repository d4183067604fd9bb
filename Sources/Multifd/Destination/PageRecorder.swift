/// Sees every page on its way into a guest's memory, to keep what came when. The memory must be files, to which pages go
/// through a buffer. A class, so that a channel which asks it about each page copies and retains nothing of it.
package protocol PageRecorder: AnyObject, Sendable {
    /// Pages come with content. Called by whichever thread received them, and for one page
    /// by two threads at once when a source sends it on two channels.
    ///
    /// - Parameter content: that of all of `pages`, read and not kept.
    @unsafe
    func record(_ pages: Range<Int>, ofBlock block: Int, content: UnsafeRawPointer) throws(MemoryError)

    /// A page comes as zero.
    func recordZero(_ page: Int, ofBlock block: Int)

    /// All that the source sent before this point is in, and nothing that it sent after it.
    ///
    /// - Parameters:
    ///   - startsIteration: whether what came since the last call is known to belong to a new iteration.
    ///   - endsIteration: whether what comes next does. Where neither is known, a page that comes again tells.
    func endPart(startsIteration: Bool, endsIteration: Bool) throws(MemoryError)
}
