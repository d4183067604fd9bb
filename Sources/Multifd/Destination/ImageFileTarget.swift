import Synchronization

/// Receives a guest's memory into a raw file, its RAMBlocks one after another, which stays sparse where pages are zero.
///
/// The file is written under another name beside the wanted one, and renamed at the commit: it is complete or absent.
public final class ImageFileTarget: MigrationTarget {
    /// The wanted path.
    public let path: String
    private let file = Mutex<PartialFile?>(nil)
    private let writeback = Mutex<Writeback?>(nil)

    /// - Parameter path: where the file is to be after the commit. A file that is there then is replaced.
    /// - Throws: ``MemoryError`` when no file can be made there: better now than when a source has come.
    public init(path: String) throws(MemoryError) {
        self.path = path
        try PartialFile.checkPlace(of: path)
    }

    /// Makes the file and maps it. Throws ``MemoryError``.
    public func prepare(for guest: IncomingGuest) throws -> GuestMemory {
        let descriptor = try file.withLock { file in
            let partial = try PartialFile(path: path, byteCount: guest.byteCount)
            let descriptor = partial.descriptor
            file = consume partial
            return descriptor
        }
        var offset = 0
        var blocks: [RAMBlock] = []
        for block in guest.blocks {
            blocks.append(
                try RAMBlock(
                    name: block.name, byteCount: block.size, backing: .sharedFile(descriptor), offset: offset,
                    path: path))
            offset += block.size
        }
        let memory = try GuestMemory(blocks: blocks)
        writeback.withLock { $0 = Writeback(of: blocks) }
        return memory
    }

    /// Does nothing: only the memory is stored.
    public func load(deviceState: [UInt8]) {}

    /// Waits until the file is on the disk, and gives it its name. Throws ``MemoryError``.
    public func commit() throws {
        endWriteback()
        try file.withLock { try $0.take()?.commit() }
    }

    /// Does nothing: there is nobody to run.
    public func run() {}

    /// Removes what was written.
    public func abort() {
        endWriteback()
        file.withLock { $0 = nil }
    }

    /// Outside the lock, because it waits for a thread.
    private func endWriteback() { _ = writeback.withLock { $0.take() } }
}
