import Foundation
import Multifd
import Testing

@Suite struct WriteCurveTests {
    @Test func `one observation is taken as a constant rate`() {
        var curve = WriteCurve()
        #expect(curve.bytes(within: 1) == 0)
        curve.observe(time: 2, bytes: 200)
        #expect(curve.bytes(within: 1) == 100)
        #expect(curve.bytes(within: 4) == 400)
    }

    @Test func `a constant rate and a working set are both found exactly`() {
        var rate = WriteCurve()
        rate.observe(time: 0.1, bytes: 10)
        rate.observe(time: 10, bytes: 1000)
        #expect(abs(rate.bytes(within: 3) - 300) < 1e-6)
        #expect(abs(rate.bytes(within: 0.01) - 1) < 1e-6)

        var workingSet = WriteCurve()
        workingSet.observe(time: 1, bytes: 500)
        workingSet.observe(time: 10, bytes: 500)
        #expect(abs(workingSet.bytes(within: 3) - 500) < 1e-6)
        #expect(abs(workingSet.bytes(within: 100) - 500) < 1e-6)
    }

    @Test func `random writes into a working set are foreseen for shorter times than were seen`() {
        let size = 968e6
        func written(in time: Double) -> Double { size * (1 - exp(-5.41e9 * time / size)) }
        var curve = WriteCurve()
        curve.observe(time: 0.522, bytes: written(in: 0.522))
        curve.observe(time: 0.687, bytes: written(in: 0.687))
        for time in [0.4, 0.45, 0.5] {
            #expect(abs(curve.bytes(within: time) / written(in: time) - 1) < 0.05)
        }
        #expect(curve.bytes(within: 0.01) <= written(in: 0.522))
    }

    @Test func `it never falls, and is finite, whatever was observed`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            var curve = WriteCurve()
            for _ in 0..<20 {
                curve.observe(
                    time: .random(in: 0.001...100, using: &generator), bytes: .random(in: 0...1e9, using: &generator))
            }
            var time = 0.0005
            while time < 200 {
                let next = time * 1.1
                #expect(curve.bytes(within: next) >= curve.bytes(within: time) * 0.999)
                #expect(curve.bytes(within: next) <= 1e9 * next / 0.001)
                time = next
            }
        }
    }

    @Test func `the newest observation bends the older ones`() {
        var curve = WriteCurve()
        curve.observe(time: 1, bytes: 1000)
        curve.observe(time: 10, bytes: 2000)
        // The guest has calmed down: what it wrote in a second before cannot be more than what it writes in five now.
        curve.observe(time: 5, bytes: 100)
        #expect(curve.bytes(within: 5) == 100)
        #expect(curve.bytes(within: 1) == 100)
        #expect(abs(curve.bytes(within: 10) - 200) < 1e-6)
    }

    @Test func `what is observed of longer and longer times never makes it rise faster than in proportion`() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<50 {
            var curve = WriteCurve()
            for time in (0..<20).map({ _ in Double.random(in: 0.001...100, using: &generator) }).sorted() {
                curve.observe(time: time, bytes: .random(in: 0...1e9, using: &generator))
            }
            var time = 0.0005
            while time < 200 {
                let next = time * 1.1
                #expect(curve.bytes(within: next) <= curve.bytes(within: time) * 1.1 * 1.001)
                time = next
            }
        }
    }

    @Test func `a calmer moment does not refute what was seen for minutes, but many do`() {
        var curve = WriteCurve()
        curve.observe(time: 1, bytes: 1e9)
        curve.observe(time: 300, bytes: 100e9)
        // At this rate 50 GB would be written in the 300 seconds: half as much.
        curve.observe(time: 3, bytes: 500e6)
        // A 25th of the way to that: twice the moment, for each time that it wrote less, of 300 seconds.
        #expect(abs(curve.bytes(within: 300) - 98e9) < 1e6)
        for _ in 0..<200 { curve.observe(time: 3, bytes: 500e6) }
        #expect(curve.bytes(within: 300) < 51e9)
        // What was written in a moment is written in a longer time, too.
        curve.observe(time: 3, bytes: 60e9)
        #expect(curve.bytes(within: 300) >= 60e9)
    }

    @Test func `a moment in which hardly anything is written refutes what was seen for minutes`() {
        var curve = WriteCurve()
        curve.observe(time: 1, bytes: 1e9)
        curve.observe(time: 300, bytes: 100e9)
        curve.observe(time: 1.1, bytes: 1e6)
        #expect(curve.bytes(within: 300) < 1e9)
    }

    @Test func `a guest that is calm and busy by turns is not taken for one that is always calm`() {
        var curve = WriteCurve()
        curve.observe(time: 1, bytes: 1e9)
        curve.observe(time: 30, bytes: 20e9)
        for _ in 0..<200 {
            curve.observe(time: 0.02, bytes: 20e6)
            curve.observe(time: 0.02, bytes: 1e6)
        }
        #expect((5e9...20e9).contains(curve.bytes(within: 30)))
        // What was never seen of it is not expected either.
        for _ in 0..<4000 { curve.observe(time: 0.02, bytes: 20e6) }
        #expect(abs(curve.bytes(within: 30) / 20e9 - 1) < 0.01)
        for _ in 0..<4000 { curve.observe(time: 0.02, bytes: 1e6) }
        #expect(curve.bytes(within: 30) < 2e9)
    }

    @Test func `beyond what was seen it rises in proportion at most`() {
        var curve = WriteCurve()
        curve.observe(time: 100, bytes: 50e9)
        curve.observe(time: 1, bytes: 1e6)
        #expect(curve.bytes(within: 400) <= curve.bytes(within: 100) * 4 + 1)
        #expect(curve.bytes(within: 400) >= curve.bytes(within: 100))
    }
}
