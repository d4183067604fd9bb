import Glibc
import Multifd
import Synchronization

/// A target whose memory lies between guards: what is written outside shows.
final class GuardedTarget: MigrationTarget {
    /// In pages.
    private static let guardSize = 64
    private let all: ScratchMemory
    private let memory: GuestMemory
    let block: RAMBlock

    init(pageCount: Int) throws {
        let byteCount = pageCount * Page.byteCount
        let guardByteCount = Self.guardSize * Page.byteCount
        all = try ScratchMemory(byteCount: byteCount + 2 * guardByteCount)
        unsafe all.start.initializeMemory(as: UInt8.self, repeating: 0xC5, count: all.byteCount)
        let start = unsafe all.start + guardByteCount
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        block = try unsafe RAMBlock(
            name: "ram", unsafeMemory: UnsafeMutableRawBufferPointer(start: start, count: byteCount))
        memory = try GuestMemory(blocks: [block])
    }

    var isIntactOutside: Bool {
        let guardByteCount = Self.guardSize * Page.byteCount
        let expected = [UInt8](repeating: 0xC5, count: guardByteCount)
        return unsafe memcmp(all.start, expected, guardByteCount) == 0
            && memcmp(all.start + all.byteCount - guardByteCount, expected, guardByteCount) == 0
    }

    struct WrongSize: Error {}

    func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        guard guest.blocks.map(\.size) == [block.byteCount] else { throw WrongSize() }
        return memory
    }
    func load(deviceState: [UInt8]) {}
    func commit() {}
    func run() {}
    func abort() {}
}
