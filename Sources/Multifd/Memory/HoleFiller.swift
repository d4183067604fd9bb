import CLinux
import Glibc
import SystemPackage

/// Fills the holes of a file on tmpfs through userfaultfd(2), which copies pages into a mapping where they are missing.
///
/// It is a write(2) without the lock of the file's inode: that lets one channel write at a time, and here all of them do.
struct HoleFiller: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    /// Out of reach for everything else: whoever touched a hole of it would wait for us to fill it.
    private let mapping: MemoryMapping

    /// Nil where it cannot be: on another filesystem, or where the system call is refused.
    ///
    /// - Parameters: as for ``BlockFile``.
    init?(_ file: FileDescriptor, offset: Int, byteCount: Int) {
        guard let mapping = try? MemoryMapping(byteCount: byteCount, backing: .untouchableFile(file), offset: offset)
        else { return nil }
        let start = unsafe UInt64(UInt(bitPattern: mapping.start))
        let number = CLinux_userfaultfd()
        guard CLinux_userfaultfd_enable(number, 0) == 0,
            CLinux_userfaultfd_register(number, CLinux_UFFD_MISSING, start, UInt64(byteCount)) == 0
        else {
            close(number)
            return nil
        }
        self.mapping = mapping
        descriptor = FileDescriptor(rawValue: number)
    }

    deinit {
        try? descriptor.close()
    }

    /// Fills whole pages.
    ///
    /// - Returns: for how many bytes that went, up to the first page that is there already or that the file has no room for.
    @unsafe
    func fill(_ byteCount: Int, at position: Int, from buffer: UnsafeRawPointer) -> Int {
        precondition(position >= 0 && byteCount >= 0 && position + byteCount <= mapping.byteCount)
        let to = unsafe UInt64(UInt(bitPattern: mapping.start + position))
        return unsafe Int(CLinux_userfaultfd_copy(descriptor.rawValue, to, buffer, UInt64(byteCount)))
    }
}
