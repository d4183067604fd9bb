import Glibc
import Multifd
import Synchronization
import SystemPackage
import Testing

/// Why the kernel's dirty log cannot be used here, if it cannot: a kernel before 6.7, or a container's seccomp profile.
private let obstacle: DirtyLogError? = {
    do throws(DirtyLogError) {
        try KernelDirtyLog.checkAvailability()
        return nil
    } catch {
        return error
    }
}()

/// Named in the runner's output when they are skipped, with the reason.
@Suite(.enabled(if: obstacle == nil, "\(obstacle.map(\.description) ?? "")"))
struct KernelDirtyLogTests {
    static let pageCount = 4096  // 16 MiB: several huge pages

    enum Backing: CaseIterable { case anonymous, privateFile, sharedFile, sharedMemoryFile }

    static func memory(_ backing: Backing, pageCount: Int = pageCount) throws -> GuestMemory {
        let byteCount = pageCount * Page.byteCount
        switch backing {
        case .anonymous: return try GuestMemory(blocks: [RAMBlock(name: "ram", byteCount: byteCount)])
        case .privateFile, .sharedFile, .sharedMemoryFile:
            // A file of a tmpfs is what memfd_create(2) gives.
            let file = try TemporaryFile(in: backing == .sharedMemoryFile ? "/dev/shm" : "/tmp")
            try file.truncate(to: byteCount)
            return try GuestMemory(blocks: [
                RAMBlock(
                    name: "ram", byteCount: byteCount,
                    backing: backing == .privateFile ? .privateFile(file.descriptor) : .sharedFile(file.descriptor))
            ])
        }
    }

    @Test(arguments: Backing.allCases, [false, true])
    func `exactly the pages written are found`(backing: Backing, populatedBefore: Bool) throws {
        let memory = try Self.memory(backing)
        let block = memory.blocks[0]
        if populatedBefore {
            // Over whole huge pages, so that where there are any a write has to split one.
            for page in 0..<Self.pageCount { block.write(1, toPage: page) }
        }
        let log = try KernelDirtyLog(memory: memory)
        try log.start()
        #expect(try log.dirtyPages(of: memory) == [])

        var random = SystemRandomNumberGenerator()
        for round in 0..<20 {
            // At the ends of pages and blocks, too, where ranges go wrong.
            var written: Set<Int> = [0, Self.pageCount - 1]
            for _ in 0..<300 { written.insert(Int.random(in: 0..<Self.pageCount, using: &random)) }
            for page in written { block.write(UInt8(truncatingIfNeeded: round + 2), toPage: page) }
            for page in 0..<Self.pageCount { _ = block.firstByte(ofPage: page) }  // reading is not writing
            #expect(try log.dirtyPages(of: memory) == written)
            #expect(try log.dirtyPages(of: memory) == [])
        }
        log.stop()
        block.write(9, toPage: 7)
        #expect(throws: DirtyLogError.notStarted) { try log.dirtyPages(of: memory) }
    }

    @Test func `a sync of a range takes nothing from outside it`() throws {
        let memory = try Self.memory(.anonymous)
        let log = try KernelDirtyLog(memory: memory)
        try log.start()
        for page in [99, 100, 199, 200] { memory.blocks[0].write(1, toPage: page) }
        #expect(try log.dirtyPages(of: memory, in: 100..<200) == [100, 199])
        #expect(try log.dirtyPages(of: memory, in: 5..<5) == [])
        #expect(try log.dirtyPages(of: memory) == [99, 200])
    }

    @Test func `more regions than one call returns are all found`() throws {
        let memory = try Self.memory(.anonymous, pageCount: 20_000)
        let log = try KernelDirtyLog(memory: memory)
        try log.start()
        let written = Set(stride(from: 1, to: 20_000, by: 2))
        for page in written { memory.blocks[0].write(1, toPage: page) }
        #expect(try log.dirtyPages(of: memory) == written)
        #expect(try log.dirtyPages(of: memory) == [])
    }

    @Test func `writes of the kernel itself are logged`() throws {
        let memory = try Self.memory(.anonymous)
        let log = try KernelDirtyLog(memory: memory)
        try log.start()
        let file = try TemporaryFile()
        try file.descriptor.writeAll([1, 2, 3, 4])
        try file.descriptor.seek(offset: 0, from: .start)
        let place = unsafe UnsafeMutableRawBufferPointer(
            start: memory.blocks[0].address(ofPage: 17) + Page.byteCount - 2, count: 4)
        _ = try unsafe file.descriptor.read(into: place)
        #expect(try log.dirtyPages(of: memory) == [17, 18])
    }

    @Test(arguments: Backing.allCases)
    func `no write is lost to a concurrent sync`(backing: Backing) throws {
        let memory = try Self.memory(backing)
        let log = try KernelDirtyLog(memory: memory)
        try log.start()
        try Self.expectNoLostWrites(memory, log) { _ in }
    }

    /// A thread writes ever larger numbers; after each sync the pages found are copied, as a migration does. When it is
    /// over, the copies must be the memory: a write that was neither copied nor found afterwards would show.
    static func expectNoLostWrites(
        _ memory: GuestMemory, _ log: some DirtyLog, mark: @escaping @Sendable (Int) -> Void
    ) throws {
        let block = memory.blocks[0]
        let ended = Flag()
        let writer = WorkerThread(name: "writer") {
            var random: UInt64 = 1
            for number in 0..<60_000 as Range<UInt64> {
                random = random &* 6_364_136_223_846_793_005 &+ 1
                let page = Int(random >> 33) % pageCount
                block.writeNumber(number, toPage: page)
                mark(page)
            }
            ended.set()
        }
        var copy = Array(repeating: 0 as UInt64, count: pageCount)
        var last = false
        while true {
            let isLast = last
            for page in try log.dirtyPages(of: memory) { copy[page] = block.number(ofPage: page) }
            if isLast { break }
            last = ended.isSet
        }
        writer.join()
        #expect(copy == (0..<pageCount).map { block.number(ofPage: $0) })
    }

    @Test func `pages without memory at the start are told apart`() throws {
        let memory = try Self.memory(.anonymous, pageCount: 8192)
        let block = memory.blocks[0]
        for page in 5000..<5003 { block.write(1, toPage: page) }
        _ = block.firstByte(ofPage: 100)
        let log = try KernelDirtyLog(memory: memory)
        #expect(log.populatedAtStart(ofBlock: 0) == nil)
        try log.start()
        let runs = try #require(log.populatedAtStart(ofBlock: 0))
        #expect((5000..<5003).allSatisfy { page in runs.contains { $0.contains(page) } })
        // The kernel may have given a whole huge page for them, but not for all.
        #expect(runs.reduce(0) { $0 + $1.count } <= 512 * 2)
        log.stop()
        #expect(log.populatedAtStart(ofBlock: 0) == nil)
    }

    @Test func `a log can be started again`() throws {
        let memory = try Self.memory(.anonymous)
        let log = try KernelDirtyLog(memory: memory)
        for _ in 0..<3 {
            try log.start()
            memory.blocks[0].write(1, toPage: 3)
            #expect(try log.dirtyPages(of: memory) == [3])
            memory.blocks[0].write(1, toPage: 4)
        }
        try log.start()
        #expect(try log.dirtyPages(of: memory) == [])
    }

    @Test func `memory that cannot be protected is named`() throws {
        let memory = try Self.memory(.anonymous)
        let other = try KernelDirtyLog(memory: memory)
        try other.start()
        let log = try KernelDirtyLog(memory: memory)
        #expect(throws: DirtyLogError.registrationFailed(block: "ram", .resourceBusy)) { try log.start() }
    }
}
