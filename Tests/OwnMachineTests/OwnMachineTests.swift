import Multifd
import Testing

/// The library as its users see it: this target is compiled without access to what is `package`.
struct OwnMachineTests {
    private let memory: GuestMemory

    init() throws {
        memory = try GuestMemory(blocks: [RAMBlock(name: "counters", byteCount: 256 * Page.byteCount)])
    }

    private func migrate(_ guest: any Guest, to target: any MigrationTarget) async throws {
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:127.0.0.1:0"), target: target)
        async let received = destination.run()
        var parameters = MigrationParameters()
        parameters.downtimeLimit = .seconds(60)
        let source = try MigrationSource(guest: guest, to: destination.uri, parameters: parameters)
        try await source.run()
        _ = try await received
    }

    private func steps(of guest: OwnGuest) throws -> UInt64 {
        try #require(UInt64(String(decoding: guest.saveDeviceState(), as: UTF8.self)))
    }

    private func number(ofPage page: Int, of block: RAMBlock) -> UInt64 {
        // Safe: the page lies within the block.
        unsafe block.unsafeMemory.load(fromByteOffset: page * Page.byteCount, as: UInt64.self)
    }

    @Test func `a guest of one's own migrates, and counts on where it was`() async throws {
        let guest = OwnGuest(memory: memory)
        guest.resume()
        let target = OwnTarget()
        try await migrate(guest, to: target)

        let arrived = try #require(target.guest)
        arrived.pause()
        let steps = try steps(of: arrived)
        #expect(try steps >= self.steps(of: guest))
        // Each page holds the last number that was written to it.
        var expected: [Int: UInt64] = [:]
        var number = steps
        while expected.count < 256, number > 0 {
            let page = Int(number &* 0x9E37_79B9 % 256)
            expected[page] = expected[page] ?? number
            number -= 1
        }
        for (page, number) in expected {
            #expect(self.number(ofPage: page, of: arrived.memory.blocks[0]) == number)
        }
    }

    @Test func `memory that was filled, sent and received can be looked at`() async throws {
        let sent = memory.blocks[0]
        for offset in 0..<sent.byteCount { unsafe sent.unsafeMemory[offset] = UInt8(truncatingIfNeeded: offset % 251) }
        let target = MemoryTarget()
        try await migrate(OwnGuest(memory: memory), to: target)
        let received = try #require(target.memory?.blocks.first)
        #expect(unsafe received.unsafeMemory.elementsEqual(sent.unsafeMemory))
    }

    @Test func `a target of one's own can be tried without a source`() throws {
        let target = OwnTarget()
        let block = RAMBlockInfo(name: "counters", size: 16 * Page.byteCount)
        #expect(throws: OwnTargetError.otherMachine("toaster")) {
            try target.prepare(for: IncomingGuest(blocks: [block], configuration: "toaster"))
        }
        let memory = try target.prepare(
            for: IncomingGuest(blocks: [block], configuration: "counting machine, model 1"))
        #expect(memory.pageCount == 16)
        #expect(throws: OwnTargetError.notANumber("ten")) { try target.load(deviceState: Array("ten".utf8)) }
        try target.load(deviceState: Array("10".utf8))
        #expect(try steps(of: #require(target.guest)) == 10)
        target.abort()
        #expect(target.guest == nil)
    }

    @Test func `a dirty log can be tried without a migration`() {
        let log = SoftwareDirtyLog(memory: memory)
        log.start()
        log.markWritten(page: 3, ofBlock: 0)
        var bitmap = MigrationBitmap(of: memory)
        log.sync(0..<256, ofBlock: 0, into: &bitmap)
        let marked = (0..<256).filter { bitmap.contains(page: $0, inBlock: 0) }
        #expect(marked == [3])
    }
}
