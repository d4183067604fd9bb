import CLinux
import Glibc
import SystemPackage

/// Owns `/proc/self/pagemap` and scans it by PAGEMAP_SCAN: what the kernel knows about the pages of this process.
@safe
struct PageMap: ~Copyable, @unchecked Sendable {  // the vector is used by whoever has exclusive access, scans mutate
    /// Which pages a scan reports, and what it does to them.
    struct Query {
        var flags: UInt64 = 0
        /// A page matches when it has all of `required`, none of `excluded` and, unless that is empty, one of `anyOf`.
        var required: UInt64 = 0
        var excluded: UInt64 = 0
        var anyOf: UInt64 = 0
        /// What to tell about each page that matches. Neighbours of which the same is told are one region.
        var told: UInt64

        /// Pages written since they were protected; protects them again. The exact form for which the kernel has a
        /// fast path.
        static let takeWritten = Query(
            flags: CLinux_PM_SCAN_WP_MATCHING | CLinux_PM_SCAN_CHECK_WPASYNC,
            required: CLinux_PAGE_IS_WRITTEN, told: CLinux_PAGE_IS_WRITTEN)

        /// Every page, even of ranges never touched; protects all of them. Tells which are populated.
        static let protectAll = Query(
            flags: CLinux_PM_SCAN_WP_MATCHING | CLinux_PM_SCAN_CHECK_WPASYNC,
            required: CLinux_PAGE_IS_WPALLOWED,
            told: CLinux_PAGE_IS_PRESENT | CLinux_PAGE_IS_SWAPPED | CLinux_PAGE_IS_PFNZERO)

        /// Pages that have memory of their own. Of protected memory this is too many: the mark that a page without
        /// memory is protected looks like a page that was swapped out.
        static let populated = Query(
            excluded: CLinux_PAGE_IS_PFNZERO, anyOf: CLinux_PAGE_IS_PRESENT | CLinux_PAGE_IS_SWAPPED,
            told: CLinux_PAGE_IS_PRESENT | CLinux_PAGE_IS_SWAPPED)

        /// Whether what was told about a region by `protectAll` means memory with content.
        static func isPopulated(_ categories: UInt64) -> Bool {
            categories & (CLinux_PAGE_IS_PRESENT | CLinux_PAGE_IS_SWAPPED) != 0
                && categories & CLinux_PAGE_IS_PFNZERO == 0
        }
    }

    private let descriptor: FileDescriptor
    private let regions: UnsafeMutablePointer<CLinux_page_region>
    /// 48 KiB: stays in the second-level cache, and a call's fixed cost is spread over 2048 regions.
    private static let regionCapacity = 2048

    init() throws(Errno) {
        do {
            descriptor = try FileDescriptor.open(FilePath("/proc/self/pagemap"), .readOnly, options: .closeOnExec)
        } catch let error as Errno {
            throw error
        } catch {
            throw .ioError  // not reached: `open` throws nothing else
        }
        unsafe regions = .allocate(capacity: Self.regionCapacity)
    }

    deinit {
        unsafe regions.deallocate()
        try? descriptor.close()
    }

    /// Whether this kernel has the ioctl at all, found by a scan of nothing.
    var isScannable: Bool {
        var argument = CLinux_pm_scan_arg()
        return unsafe CLinux_pagemap_scan(descriptor.rawValue, &argument) >= 0
    }

    /// Calls `body` with each run of pages that match, in ascending order, and what is told about it.
    mutating func scan(
        _ pages: Range<Int>, of block: RAMBlock, for query: Query, _ body: (Range<Int>, UInt64) -> Void
    ) throws(Errno) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= block.pageCount)
        let base = unsafe UInt64(UInt(bitPattern: block.start))
        var argument = CLinux_pm_scan_arg()
        argument.flags = query.flags
        argument.category_inverted = query.excluded
        argument.category_mask = query.required | query.excluded
        argument.category_anyof_mask = query.anyOf
        argument.return_mask = query.told
        argument.start = base + UInt64(pages.lowerBound) << UInt64(Page.shift)
        argument.end = base + UInt64(pages.upperBound) << UInt64(Page.shift)
        argument.vec = unsafe UInt64(UInt(bitPattern: regions))
        argument.vec_len = UInt64(Self.regionCapacity)
        // The kernel stops where the vector is full and says where. After a scan that went through to the end it may
        // name a place a little before it (that of its own last flush): going on from there finds nothing twice.
        while argument.start < argument.end {
            let count = unsafe CLinux_pagemap_scan(descriptor.rawValue, &argument)
            guard count >= 0 else { throw Errno(rawValue: errno) }
            for index in 0..<Int(count) {
                let region = unsafe regions[index]
                let first = Int((region.start - base) >> UInt64(Page.shift))
                let end = Int((region.end - base) >> UInt64(Page.shift))
                body(first..<end, region.categories)
            }
            guard argument.walk_end > argument.start else { break }
            argument.start = argument.walk_end
        }
    }
}
