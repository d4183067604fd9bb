import Glibc
package import SystemPackage

/// Owns one `mmap`ed range and unmaps it at the end of its life.
@safe
package struct MemoryMapping: ~Copyable, @unchecked Sendable {  // an address range that never changes
    /// What lies behind the pages.
    package enum Backing {
        /// Zero pages of this process, in huge pages where the kernel allows: a first touch then costs one fault
        /// in 2 MiB and not one in 4 KiB.
        case anonymous
        /// Zero pages of this process, of 4 KiB: for what is small, or used in part only.
        case smallPages
        /// The pages of a file. Writes stay in this process.
        case privateFile(FileDescriptor)
        /// The pages of a file. Writes reach it.
        case sharedFile(FileDescriptor)
        /// The pages of a file, for reading only.
        case readOnlyFile(FileDescriptor)
        /// The pages of a file, for the kernel only.
        case untouchableFile(FileDescriptor)
    }

    package let start: UnsafeMutableRawPointer
    package let byteCount: Int

    /// - Parameter offset: where in the file the range begins, a multiple of the page size.
    package init(byteCount: Int, backing: Backing, offset: Int = 0) throws(Errno) {
        let (protection, flags, descriptor) =
            switch backing {
            case .anonymous, .smallPages:
                (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, Int32(-1))
            case .privateFile(let file): (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.rawValue)
            case .sharedFile(let file): (PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue)
            case .readOnlyFile(let file): (PROT_READ, MAP_SHARED, file.rawValue)
            case .untouchableFile(let file): (PROT_NONE, MAP_SHARED, file.rawValue)
            }
        // MAP_FAILED is (void *)-1; a successful mapping is never nil.
        guard let start = unsafe mmap(nil, byteCount, protection, flags, descriptor, offset),
            unsafe start != UnsafeMutableRawPointer(bitPattern: -1)
        else { throw Errno(rawValue: errno) }
        if case .anonymous = backing {
            // Advice only: without huge pages everything works, slower.
            _ = unsafe madvise(start, byteCount, MADV_HUGEPAGE)
        }
        unsafe self.start = start
        self.byteCount = byteCount
    }

    deinit {
        unsafe munmap(start, byteCount)
    }
}
