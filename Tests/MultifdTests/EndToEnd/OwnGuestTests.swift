import Multifd
import Testing

/// The library as its users see it.
struct OwnGuestTests {
    @Test func `a guest of one's own migrates, and counts on where it was`() async throws {
        let memory = try GuestMemory(blocks: [RAMBlock(name: "counters", byteCount: 256 * Page.byteCount)])
        let guest = OwnGuest(memory: memory)
        guest.resume()
        let target = OwnTarget()
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        try await migrate(guest, to: target, parameters)

        let arrived = try #require(target.guest)
        arrived.pause()
        let steps = try #require(UInt64(String(decoding: arrived.saveDeviceState(), as: UTF8.self)))
        let left = try #require(UInt64(String(decoding: guest.saveDeviceState(), as: UTF8.self)))
        #expect(steps >= left)
        // Each page holds the last number that was written to it.
        var expected: [Int: UInt64] = [:]
        var number = steps
        while expected.count < 256, number > 0 {
            let page = Int(number &* 0x9E37_79B9 % 256)
            expected[page] = expected[page] ?? number
            number -= 1
        }
        for (page, number) in expected { #expect(arrived.memory.blocks[0].number(ofPage: page) == number) }
    }
}
