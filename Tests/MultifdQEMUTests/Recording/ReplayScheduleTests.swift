import Multifd
import MultifdQEMU
import Testing

@Suite struct ReplayScheduleTests {
    private static func iteration(_ milliseconds: Int, pages: Int) -> SnapshotRecording.Iteration {
        SnapshotRecording.Iteration(
            microseconds: milliseconds * 1000, runs: 1, normal: pages, duplicate: 0, unchanged: 0)
    }

    @Test func `pages of an iteration are written in the course of the one before`() {
        let schedule = ReplaySchedule([
            Self.iteration(1000, pages: 90), Self.iteration(200, pages: 10), Self.iteration(50, pages: 4),
        ])
        #expect(schedule.spans.map(\.start) == [.zero, .seconds(1)])
        #expect(schedule.spans.map(\.length) == [.seconds(1), .milliseconds(200)])
        let first = schedule.spans[0]
        #expect([0, 99, 100, 550, 1000, 2000].map { first.pageCount(at: .milliseconds($0)) } == [0, 0, 1, 5, 10, 10])
        #expect(schedule.spans[1].time(ofPage: 3) == .milliseconds(1200))
    }

    @Test func `an iteration without duration is written at once`() {
        let schedule = ReplaySchedule([Self.iteration(0, pages: 9), Self.iteration(7, pages: 5)])
        #expect(schedule.spans[0].pageCount(at: .zero) == 5)
    }

    @Test func `a single iteration is memory that never changes`() {
        #expect(ReplaySchedule([Self.iteration(9, pages: 9)]).spans.isEmpty)
    }
}
