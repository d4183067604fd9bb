/// A named contiguous range of guest RAM.
///
/// A running guest writes to it while it is read: no span of it is ever handed out, only its address
/// (``unsafeMemory``), pages are copied through raw pointers (see `GuestPages`), and a copy may hold a mixture of old
/// and new bytes. The dirty log says so, and such a page goes again.
@safe
public final class RAMBlock: Sendable {
    /// The name under which the destination finds the block: 1 to 255 bytes of UTF-8. A destination takes no block whose
    /// name has control characters.
    public let name: String
    /// Size in bytes, a positive multiple of ``Page/byteCount``.
    public let byteCount: Int
    /// Size in pages.
    public var pageCount: Int { byteCount >> Page.shift }

    /// The block's bytes: to be filled, looked at, or mapped into a virtual machine (KVM's `userspace_addr`).
    ///
    /// They begin at a page boundary, never move, and are there as long as the block lives, which a pointer does not
    /// keep alive: keep the block, or the ``GuestMemory`` that it is in, until nobody uses the address any more.
    /// Nothing else may be mapped over them; a ``KernelDirtyLog`` would not see what is written there.
    ///
    /// Any thread may read and write, and no lock is held; what is read while another thread writes may be a mixture.
    /// But the migration relies on this:
    ///
    /// - At the source the guest's dirty log finds every write from ``DirtyLog/start()`` on, whoever made it, and
    ///   nobody writes between the return of ``Guest/pause()`` and a call of ``Guest/resume()``.
    /// - At the destination nobody but the migration writes from the return of ``MigrationTarget/prepare(for:)`` on,
    ///   until it calls ``MigrationTarget/load(deviceState:)`` or ``MigrationTarget/abort()``: from then on it has no
    ///   more use for the memory.
    ///
    /// The bytes of an image file or a snapshot are for reading only: a write may end the process, and so does reading
    /// what the file has lost since it was opened.
    @unsafe
    public var unsafeMemory: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    /// The first byte. Valid as long as the block lives.
    // Sendable although a pointer: the range is fixed, and who may touch which page when is decided by the batches
    // (one channel a page) and by the guest.
    nonisolated(unsafe) package let start: UnsafeMutableRawPointer

    private let owned: MemoryMapping?
    /// The file whose pages these are, when they are shared with one.
    let file: BlockFile?
    /// Whether ``read(_:into:)`` and ``write(_:from:)`` are calls on a file.
    package let isFile: Bool

    /// A block of fresh zero memory, private to this process.
    ///
    /// - Throws: ``MemoryError`` when the name or the size is invalid or memory is refused.
    public convenience init(name: String, byteCount: Int) throws(MemoryError) {
        try self.init(name: name, byteCount: byteCount, backing: .anonymous)
    }

    /// - Parameters:
    ///   - offset: where in its file the block begins, a multiple of the page size.
    ///   - path: what errors call the file.
    package init(
        name: String, byteCount: Int, backing: MemoryMapping.Backing, offset: Int = 0, path: String? = nil
    ) throws(MemoryError) {
        try Self.validate(name: name, byteCount: byteCount)
        let mapping: MemoryMapping
        do {
            mapping = try MemoryMapping(byteCount: byteCount, backing: backing, offset: offset)
        } catch {
            throw .mappingFailed(name: "RAMBlock '\(name)'", byteCount: byteCount, error)
        }
        switch backing {
        case .sharedFile(let descriptor):
            let filler = HoleFiller(descriptor, offset: offset, byteCount: byteCount)
            file = try BlockFile(path: path ?? name, descriptor, offset: offset, filler: filler)
            isFile = true
        case .readOnlyFile(let descriptor):
            file = try BlockFile(path: path ?? name, descriptor, offset: offset, filler: nil)
            isFile = true
        case .anonymous, .smallPages, .privateFile, .untouchableFile:
            file = nil
            isFile = false
        }
        self.name = name
        self.byteCount = byteCount
        unsafe start = mapping.start
        owned = consume mapping
    }

    /// A block over memory that the caller owns, for guests with an allocator of their own.
    ///
    /// The memory must be page-aligned, readable and writable, and outlive the block.
    ///
    /// - Throws: ``MemoryError`` when the name, the size or the alignment is invalid.
    @unsafe
    public init(name: String, unsafeMemory memory: UnsafeMutableRawBufferPointer) throws(MemoryError) {
        try Self.validate(name: name, byteCount: memory.count)
        // Without an address there are no bytes, and so the size was refused already.
        guard let start = memory.baseAddress, UInt(bitPattern: start) % UInt(Page.byteCount) == 0 else {
            throw .misaligned(name: name)
        }
        self.name = name
        byteCount = memory.count
        unsafe self.start = start
        owned = nil
        file = nil
        isFile = false
    }

    private static func validate(name: String, byteCount: Int) throws(MemoryError) {
        guard (1...255).contains(name.utf8.count), !name.utf8.contains(0) else { throw .invalidBlockName(name) }
        guard byteCount > 0, byteCount % Page.byteCount == 0 else {
            throw .sizeNotPageMultiple(name: name, byteCount: byteCount)
        }
    }

    /// The first byte of a page. The index is checked: an address from the wire ends here.
    package func address(ofPage page: Int) -> UnsafeMutableRawPointer {
        precondition(page >= 0 && page < pageCount)
        return unsafe start + page << Page.shift
    }
}
