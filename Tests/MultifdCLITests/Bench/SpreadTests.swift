import MultifdCLI
import Testing

@Suite struct SpreadTests {
    @Test(arguments: [
        ([3.0], 3.0, 3.0, 3.0), ([9, 1, 2], 2, 1, 9), ([4, 1, 3, 2], 2.5, 1, 4),
    ]) func `the median is in the middle`(values: [Double], median: Double, minimum: Double, maximum: Double) {
        let spread = Spread(ofNonempty: values)
        #expect(spread.median == median && spread.minimum == minimum && spread.maximum == maximum)
    }
}
