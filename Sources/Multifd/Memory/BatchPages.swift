/// The pages of a batch: their numbers in one RAMBlock. In place, so that a batch is copied and never allocated.
package typealias BatchPages = [128 of UInt32]

extension Page {
    /// The most pages in a batch.
    package static var countPerBatch: Int { BatchPages.count }
}

extension InlineArray where Element == UInt32 {
    /// Calls `body` with each run of adjacent pages among some of a batch's, in the batch's order.
    @inline(__always)
    func forEachRun<Failure: Error>(
        in indices: Range<Int>, _ body: (Range<Int>) throws(Failure) -> Void
    ) throws(Failure) {
        var index = indices.lowerBound
        while index < indices.upperBound {
            let first = Int(self[index])
            var count = 1
            while index + count < indices.upperBound, Int(self[index + count]) == first + count { count += 1 }
            try body(first..<first + count)
            index += count
        }
    }
}
