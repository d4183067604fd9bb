public import SystemPackage

/// Why the pages that a guest writes cannot be found.
public enum DirtyLogError: Error, Equatable {
    /// The kernel does not let this process use userfaultfd(2).
    case userfaultfdRefused(Errno)
    /// This kernel's userfaultfd has no asynchronous write-protect mode.
    case asynchronousWriteProtectMissing(kernelRelease: String)
    /// This kernel's `/proc/self/pagemap` cannot be scanned by PAGEMAP_SCAN.
    case pageMapScanMissing(kernelRelease: String)
    /// `/proc/self/pagemap` cannot be opened.
    case pageMapUnavailable(Errno)
    /// A RAMBlock's memory cannot be write-protected.
    case registrationFailed(block: String, Errno)
    /// A scan of a RAMBlock failed half way.
    case scanFailed(block: String, Errno)
    /// A sync before ``DirtyLog/start()`` or after ``DirtyLog/stop()``.
    case notStarted
}

extension DirtyLogError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .userfaultfdRefused(let errno):
            "kernel dirty tracking needs userfaultfd(2), which this process may not use (\(errno)): allow it, in a "
                + "container's seccomp profile above all, or use software dirty tracking"
        case .asynchronousWriteProtectMissing(let release):
            "kernel dirty tracking needs userfaultfd's asynchronous write-protect mode, which Linux has since 6.7 and "
                + "this kernel, \(release), lacks: use a newer one or software dirty tracking"
        case .pageMapScanMissing(let release):
            "kernel dirty tracking needs the PAGEMAP_SCAN ioctl, which Linux has since 6.7 and this kernel, \(release), "
                + "lacks: use a newer one or software dirty tracking"
        case .pageMapUnavailable(let errno):
            "kernel dirty tracking needs /proc/self/pagemap, which cannot be opened (\(errno)): mount /proc or use "
                + "software dirty tracking"
        case .registrationFailed(let block, let errno):
            "the memory of RAMBlock '\(block)' cannot be write-protected (\(errno)): kernel dirty tracking needs a "
                + "writable mapping that no other userfaultfd watches"
        case .scanFailed(let block, let errno):
            "the dirty log of RAMBlock '\(block)' cannot be read: \(errno)"
        case .notStarted:
            "the dirty log was synced while it was not started"
        }
    }
}
