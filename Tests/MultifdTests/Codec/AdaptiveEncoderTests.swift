import Multifd
import Testing

@Suite("The adaptive encoder of a channel")
struct AdaptiveEncoderTests {
    /// Bytes per second: a slow link, where compressing is right.
    private static let limit = 12_500_000

    /// A channel on that link.
    private let encoder: AdaptiveEncoder

    init() {
        encoder = AdaptiveEncoder(adviser: CodecAdviser(channelCount: 4, limit: Self.limit))
    }

    /// - Returns: how many of so many payloads went through zstd.
    private func send(_ payload: [UInt8], count: Int, ratio: Double) throws -> Int {
        var compressed = 0
        for _ in 0..<count {
            let choice = try unsafe encoder.choose(for: payload.span.bytes)
            if choice != .raw { compressed += 1 }
            encoder.record(
                bytesIn: payload.count, bytesOut: choice == .raw ? payload.count : Int(Double(payload.count) * ratio),
                encoding: .milliseconds(1), sending: .milliseconds(10), queued: 0, limit: Self.limit)
        }
        return compressed
    }

    @Test("Of payloads that look incompressible, and are, one in 32 is compressed all the same")
    func incompressible() throws {
        let payload = SampleContent.random.bytes(count: 128 * Page.byteCount)
        #expect(try send(payload, count: 320, ratio: 1) == 10)
        #expect(encoder.decisions.incompressible == 310)
        #expect(encoder.decisions.packets["none"] == 310)
        #expect(encoder.decisions.changes == 0)
    }

    @Test("Payloads that look incompressible and are not go through zstd, because the first one shows it")
    func misjudged() throws {
        // Evenly spread bytes, but the same in each page.
        let page = SampleContent.random.bytes(count: Page.byteCount)
        let payload = (0..<128).flatMap { _ in page }
        unsafe #expect(!ContentProbe.isCompressible(payload.span.bytes))
        #expect(try send(payload, count: 320, ratio: 0.01) == 320)
        // And as they are again when that was true once only.
        #expect(try send(payload, count: 320, ratio: 1) <= 11)
    }
}
