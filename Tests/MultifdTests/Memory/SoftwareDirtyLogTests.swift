import Multifd
import Testing

struct SoftwareDirtyLogTests {
    @Test func `exactly the pages marked while it is on are found`() throws {
        let memory = try GuestMemory(blocks: [
            RAMBlock(name: "a", byteCount: 100 * Page.byteCount), RAMBlock(name: "b", byteCount: 300 * Page.byteCount),
        ])
        let log = SoftwareDirtyLog(memory: memory)
        log.markWritten(page: 5, ofBlock: 0)
        log.start()
        #expect(try log.dirtyPages(of: memory) == [])
        for _ in 0..<20 {
            let written = Set((0..<60).map { _ in Int.random(in: 0..<300) }).union([0, 63, 64, 127, 128, 299])
            for page in written { log.markWritten(page: page, ofBlock: 1) }
            log.markWritten(page: 99, ofBlock: 0)
            #expect(try log.dirtyPages(of: memory, block: 1) == written)
            #expect(try log.dirtyPages(of: memory, block: 1) == [])
            #expect(try log.dirtyPages(of: memory, block: 0) == [99])
        }
        log.stop()
        log.markWritten(page: 1, ofBlock: 1)
        log.start()
        #expect(try log.dirtyPages(of: memory, block: 1) == [])
    }

    @Test(arguments: [0..<1, 0..<64, 1..<64, 63..<65, 64..<128, 10..<20, 100..<300, 299..<300, 7..<7, 0..<300])
    func `a sync of a range takes nothing from outside it`(range: Range<Int>) throws {
        let memory = try GuestMemory(blocks: [RAMBlock(name: "a", byteCount: 300 * Page.byteCount)])
        let log = SoftwareDirtyLog(memory: memory)
        log.start()
        for page in 0..<300 { log.markWritten(page: page, ofBlock: 0) }
        #expect(try log.dirtyPages(of: memory, in: range) == Set(range))
        #expect(try log.dirtyPages(of: memory) == Set(0..<300).subtracting(range))
    }

    @Test func `no write is lost to a concurrent sync`() throws {
        let memory = try KernelDirtyLogTests.memory(.anonymous)
        let log = SoftwareDirtyLog(memory: memory)
        log.start()
        try KernelDirtyLogTests.expectNoLostWrites(memory, log) { log.markWritten(page: $0, ofBlock: 0) }
    }
}
