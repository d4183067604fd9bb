import Testing

@testable import Multifd

@Suite struct IterationCountTests {
    private func count(_ pageCounts: [Int]) -> [Int] {
        var iterations = IterationCount()
        return pageCounts.map { iterations.passBarrier(receivedPageCount: $0) }
    }

    @Test func `a barrier with no page before it is no iteration, but the last`() {
        #expect(count([100, 120, 125]) == [1, 2, 3])
        #expect(count([100, 100, 120, 120, 125]) == [1, 2, 2, 3, 3])
        #expect(count([100, 100, 120, 120]).last == 3)
        #expect(count([100, 100, 100]).last == 2)
    }
}
