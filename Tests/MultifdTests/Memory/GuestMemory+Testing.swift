import Glibc
import Multifd
import Synchronization
import SystemPackage

extension RAMBlock {
    func write(_ byte: UInt8, toPage page: Int) {
        unsafe address(ofPage: page).storeBytes(of: byte, as: UInt8.self)
    }

    func firstByte(ofPage page: Int) -> UInt8 {
        unsafe address(ofPage: page).load(as: UInt8.self)
    }

    // Atomic, because tests read what a thread is writing.
    func writeNumber(_ number: UInt64, toPage page: Int) {
        unsafe address(ofPage: page).assumingMemoryBound(to: Atomic<UInt64>.self).pointee
            .store(number, ordering: .relaxed)
    }

    func number(ofPage page: Int) -> UInt64 {
        unsafe address(ofPage: page).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
    }

    var bytes: [UInt8] { unsafe Array(UnsafeRawBufferPointer(start: start, count: byteCount)) }

    func holdsZeros(page: Int) -> Bool {
        unsafe UnsafeRawBufferPointer(start: address(ofPage: page), count: Page.byteCount).allSatisfy { $0 == 0 }
    }
}

extension GuestMemory {
    /// Whether two memories hold the same bytes.
    func equals(_ other: GuestMemory) -> Bool {
        blocks.count == other.blocks.count
            && zip(blocks, other.blocks).allSatisfy { mine, theirs in
                mine.byteCount == theirs.byteCount
                    && (unsafe memcmp(mine.start, theirs.start, mine.byteCount)) == 0
            }
    }

    func copy() throws -> GuestMemory {
        try GuestMemory(
            blocks: blocks.map { block in
                let copy = try RAMBlock(name: block.name, byteCount: block.byteCount)
                unsafe copy.start.copyMemory(from: block.start, byteCount: block.byteCount)
                return copy
            })
    }
}

extension DirtyLog {
    /// Syncs and tells the pages found.
    func dirtyPages(of memory: GuestMemory, block: Int = 0, in range: Range<Int>? = nil) throws -> Set<Int> {
        var bitmap = MigrationBitmap(of: memory)
        try sync(range ?? 0..<memory.blocks[block].pageCount, ofBlock: block, into: &bitmap)
        var pages: Set<Int> = []
        bitmap.forEachRun(inBlock: block) { pages.formUnion($0) }
        return pages
    }
}

/// Something that happens once.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    func set() { value.store(true, ordering: .releasing) }
    var isSet: Bool { value.load(ordering: .acquiring) }
}

/// A file that is gone when it is no longer used.
final class TemporaryFile: Sendable {
    let path: String
    let descriptor: FileDescriptor

    init(in folder: String = "/tmp") throws {
        path = "\(folder)/multifd-test-\(UInt64.random(in: 0...UInt64.max))"
        descriptor = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
    }

    deinit {
        try? descriptor.close()
        _ = unsafe unlink(path)
    }

    func truncate(to byteCount: Int) throws {
        guard ftruncate(descriptor.rawValue, byteCount) == 0 else { throw Errno(rawValue: errno) }
    }
}
