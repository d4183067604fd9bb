import Multifd

/// When each page of a recording is written: what came in an iteration was written in the course of the one before, spread
/// evenly over it, because the recording does not say when.
package struct ReplaySchedule: Sendable {
    package struct Span: Hashable, Sendable {
        package var start: Duration
        package var length: Duration
        package var pageCount: Int

        /// When its page with this number is written.
        package func time(ofPage number: Int) -> Duration { start + length * (Double(number + 1) / Double(pageCount)) }

        /// How many of its pages have been written by then.
        package func pageCount(at position: Duration) -> Int {
            guard position < start + length else { return pageCount }
            guard position > start else { return 0 }
            return min(pageCount, Int((position - start) / length * Double(pageCount)))
        }
    }

    /// Of the second iteration and those that follow; the first is what memory is when the replay begins.
    package let spans: [Span]

    package init(_ iterations: [SnapshotRecording.Iteration]) {
        var start = Duration.zero
        spans = zip(iterations, iterations.dropFirst()).map { before, iteration in
            let length = Duration.microseconds(before.microseconds)
            defer { start += length }
            return Span(start: start, length: length, pageCount: iteration.pageCount)
        }
    }
}
