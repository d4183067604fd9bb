import Testing

@testable import Multifd

@Suite struct CacheFillRuleTests {
    /// After one packet of 100 pages.
    private func isMet(channels: Int, sending: Duration, limit: Int = 0) -> Bool {
        var rule = CacheFillRule(channelCount: channels, limit: limit)
        rule.record(pageCount: 100, sending: sending, limit: limit)
        return rule.isMet
    }

    @Test func `before anything is sent, only a limit is known of the link`() {
        #expect(!CacheFillRule(channelCount: 4, limit: 0).isMet)
        #expect(CacheFillRule(channelCount: 4, limit: 1_023_000_000).isMet)
        #expect(!CacheFillRule(channelCount: 4, limit: 1_025_000_000).isMet)
    }

    @Test func `a link that takes more than 4 µs a page leaves time`() {
        #expect(!isMet(channels: 1, sending: .microseconds(399)))
        #expect(isMet(channels: 1, sending: .microseconds(401)))
    }

    @Test func `channels that share the link each see only their part of it`() {
        #expect(!isMet(channels: 4, sending: .microseconds(1599)))
        #expect(isMet(channels: 4, sending: .microseconds(1601)))
    }

    @Test func `a limit below 4096 bytes in 4 µs leaves time, however fast the packets go`() {
        #expect(isMet(channels: 4, sending: .zero, limit: 1_023_000_000))
        #expect(!isMet(channels: 4, sending: .zero, limit: 1_025_000_000))
    }

    @Test func `one packet that was kept waiting does not make a link slow`() {
        var rule = CacheFillRule(channelCount: 1, limit: 0)
        for _ in 0..<99 { rule.record(pageCount: 100, sending: .microseconds(100), limit: 0) }
        rule.record(pageCount: 100, sending: .milliseconds(20), limit: 0)
        #expect(!rule.isMet)
        rule.record(pageCount: 100, sending: .milliseconds(20), limit: 0)
        #expect(rule.isMet)
    }
}
