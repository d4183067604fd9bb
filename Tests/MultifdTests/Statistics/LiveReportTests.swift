import Multifd
import Testing

@Suite struct LiveReportTests {
    /// What a consumer gets, in a few words.
    private func told(by live: LiveReport) async -> [String] {
        var told: [String] = []
        for await event in live.events {
            switch event {
            case .status(let status): told.append("\(status)")
            case .iteration(let iteration): told.append("iteration \(iteration.iteration)")
            case .throttle: told.append("throttle")
            case .progress(let info): told.append("progress \(info.ram.transferred)")
            case .comparison: told.append("comparison")
            }
        }
        return told
    }

    /// Each may hold thousands of iterations.
    @Test func `of reports that nobody has taken the last one is kept, and every other event`() async {
        let live = LiveReport(keeping: 256)
        for number in 1...1000 {
            live.publish { info in
                info.status = .active
                info.ram.transferred = number
            }
            if number % 400 == 0 { live.tell(.iteration(IterationInfo(iteration: number / 400))) }
        }
        live.end()
        #expect(await told(by: live) == ["active", "iteration 1", "iteration 2", "progress 1000"])
    }

    @Test func `of more events than are kept the oldest are dropped`() async {
        let live = LiveReport(keeping: 3)
        for number in 1...5 { live.tell(.iteration(IterationInfo(iteration: number))) }
        live.end()
        #expect(await told(by: live) == ["iteration 3", "iteration 4", "iteration 5"])
    }

    @Test func `a consumer that waits gets the last event, and the end`() async {
        let live = LiveReport(keeping: 1)
        async let told = told(by: live)
        for number in 1...3 { live.publish { $0.ram.transferred = number } }
        live.end()
        #expect(await told.last == "progress 3")
    }

    @Test func `a consumer of a migration that is given up before it is run waits no longer`() async {
        var live: LiveReport? = LiveReport(keeping: 1)
        let events = live?.events
        async let first = events?.first { _ in true }
        live = nil
        #expect(await first == nil)
    }

    @Test func `a consumer whose task is cancelled waits no longer`() async {
        let live = LiveReport(keeping: 1)
        let consumer = Task { await told(by: live) }
        consumer.cancel()
        #expect(await consumer.value == [])
    }
}
