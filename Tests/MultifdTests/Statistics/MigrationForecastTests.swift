import Multifd
import Testing

@Suite struct MigrationForecastTests {
    private func info(remaining: Int, pagesPerSecond: Int, dirtyPagesRate: Int, limit: Duration) -> MigrationInfo {
        var info = MigrationInfo()
        info.status = .active
        info.ram.remaining = remaining * Page.byteCount
        info.ram.pagesPerSecond = pagesPerSecond
        info.ram.dirtyPagesRate = dirtyPagesRate
        var parameters = MigrationParameters()
        parameters.downtimeLimit = limit
        info.parameters = parameters
        return info
    }

    @Test func `a guest that writes nothing has moved when what is left is sent`() {
        let info = info(remaining: 2000, pagesPerSecond: 1000, dirtyPagesRate: 0, limit: .milliseconds(500))
        #expect(info.forecast == .arrival(in: .seconds(2)))
    }

    @Test func `a guest that dirties half of what is sent takes twice as long, but for what the downtime takes`() {
        // 1500 of the 2000 pages have to go while the guest runs, which shrink by 500 a second; 500 go in the downtime.
        let info = info(remaining: 2000, pagesPerSecond: 1000, dirtyPagesRate: 500, limit: .milliseconds(500))
        #expect(info.forecast == .arrival(in: .seconds(3.5)))
    }

    @Test func `a guest that dirties more than is sent has no arrival, and the reason is told`() {
        let info = info(remaining: 2000, pagesPerSecond: 1000, dirtyPagesRate: 2000, limit: .milliseconds(500))
        #expect(info.forecast == .diverging(dirtied: 8_192_000, sent: 4_096_000))
        #expect(info.forecast?.description == "no ETA: the guest dirties 8.19 MB/s, 4.10 MB/s are sent")
    }

    @Test func `however much it dirties, what fits into the downtime arrives`() {
        let info = info(remaining: 400, pagesPerSecond: 1000, dirtyPagesRate: 2000, limit: .milliseconds(500))
        #expect(info.forecast == .arrival(in: .milliseconds(400)))
    }

    @Test func `nothing sent is said as such`() {
        #expect(info(remaining: 1, pagesPerSecond: 0, dirtyPagesRate: 0, limit: .zero).forecast == .stalled)
    }

    @Test(arguments: MigrationStatus.allCases.filter { $0 != .active })
    func `there is a forecast only while pages are sent with the guest running`(status: MigrationStatus) {
        var info = info(remaining: 1, pagesPerSecond: 1, dirtyPagesRate: 0, limit: .zero)
        info.status = status
        #expect(info.forecast == nil)
    }
}
