import Multifd
import Testing

@Suite struct ThrottleTriggerTests {
    /// The samples (from 1) at which a trigger fires.
    private func firings(
        _ trigger: some ThrottleTrigger, threshold: Int = 50, _ samples: [(dirtied: Int, transferred: Int)]
    ) -> [Int] {
        var trigger = trigger
        return samples.enumerated().compactMap { index, sample in
            let period = PeriodSample(
                time: .seconds(index), duration: .seconds(1), bytesDirtied: sample.dirtied * Page.byteCount,
                bytesTransferred: sample.transferred * Page.byteCount)
            return trigger.firing(on: period, threshold: threshold).map { _ in index + 1 }
        }
    }

    @Test func `exactly the threshold is not high, one byte more is`() {
        let half = PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 50, bytesTransferred: 100)
        #expect(!half.isHigh(threshold: 50))
        #expect(half.isHigh(threshold: 49))
        let odd = PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 50, bytesTransferred: 101)
        #expect(!odd.isHigh(threshold: 50))
        let more = PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 51, bytesTransferred: 101)
        #expect(more.isHigh(threshold: 50))
        #expect(
            !PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 0, bytesTransferred: 0).isHigh(threshold: 1)
        )
        #expect(
            PeriodSample(time: .zero, duration: .seconds(1), bytesDirtied: 1, bytesTransferred: 0).isHigh(
                threshold: 100))
    }

    @Test func `quiet samples between two high ones do not clear the count`() {
        let high = (60, 100)
        let low = (50, 100)
        #expect(firings(DirtyRateTrigger(), [high, low, low, high, low, high, high, high]) == [4, 7])
    }

    @Test func `a ratio that rises twice fires before the second high sample counts`() {
        // Ratios 60, 70 (1st rise; rule 1 fires on its own), 80 (2nd rise: fires), 90 (1st rise, rule 1 again), 95.
        #expect(
            firings(ResponsiveTrigger(), [(60, 100), (70, 100), (80, 100), (90, 100), (95, 100)])
                == [2, 3, 4, 5])
    }

    @Test func `a firing by ratio leaves the other counter alone`() {
        // Low, low but rising, and not above the threshold: nothing. Then 51 (rule 1: one), 52 (rule 1: two, fires;
        // rises: two, used up), 40, 60 (rule 1: one; above 40: rise one), 61 (rule 1: two).
        #expect(
            firings(
                ResponsiveTrigger(),
                [(10, 100), (20, 100), (51, 100), (52, 100), (40, 100), (60, 100), (61, 100)])
                == [4, 7])
        // Rule 1 counts 3 high samples at 2, 3, 4; the ratio fires on the third, when rule 1 is at one again, and the
        // fourth high sample is its second.
        #expect(
            firings(
                ResponsiveTrigger(), [(90, 100), (60, 100), (70, 100), (80, 100), (60, 100), (60, 100)])
                == [2, 4, 6])
    }

    @Test func `an equal ratio counts as a rise, a rise to the threshold does not`() {
        #expect(firings(ResponsiveTrigger(), threshold: 60, [(61, 100), (61, 100), (61, 100)]) == [2, 3])
        #expect(firings(ResponsiveTrigger(), threshold: 60, [(59, 100), (60, 100), (60, 100)]) == [])
    }

    @Test func `ratios are whole percent`() {
        // 50.9 % is 50 and not above 50, though the sample is high by its bytes.
        #expect(
            firings(ResponsiveTrigger(), [(509, 1000), (509, 1000), (509, 1000), (509, 1000)]) == [2, 4])
    }

    @Test func `a sample without transfer has no ratio`() {
        // It is high by rule 1, and the ratio before it remains the one to compare with.
        #expect(
            firings(ResponsiveTrigger(), [(60, 100), (5, 0), (70, 100), (80, 100), (10, 100)]) == [2, 4])
    }

    @Test func `the trigger of 2013 wants a dirty rate before, and fires once`() {
        let high = (51, 100)
        let still = (0, 100)
        #expect(firings(Legacy2013Trigger(), threshold: 99, Array(repeating: high, count: 20)) == [8])
        // After a period in which nothing was dirtied, a high sample does not count.
        #expect(firings(Legacy2013Trigger(), [high, high, still, high] + Array(repeating: high, count: 6)) == [10])
    }

    @Test func `a dirty rate below one page a second is none`() {
        var trigger = Legacy2013Trigger()
        let slow = PeriodSample(
            time: .zero, duration: .milliseconds(1500), bytesDirtied: Page.byteCount, bytesTransferred: 0)
        #expect(slow.dirtyPagesRate == 0)
        let firings = (0..<20).compactMap { _ in trigger.firing(on: slow, threshold: 50) }
        #expect(firings.isEmpty)
    }
}
