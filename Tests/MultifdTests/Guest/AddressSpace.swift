import Glibc
import Multifd
import SystemPackage

/// This process's address space. Where that has no place for another stack, the system gives no thread.
enum AddressSpace {
    /// Whether thread sanitizer is in this process: it maps shadows of all memory, and ends where it cannot.
    static var isSanitized: Bool { unsafe dlsym(nil, "__tsan_init") != nil }

    static func limit(toPresentAnd byteCount: Int) throws {
        let pageCount = try text(ofFile: "/proc/self/statm").split(separator: " ").first.flatMap { Int($0) } ?? 0
        try setLimit(rlim_t(pageCount * Page.byteCount + byteCount))
    }

    static func unlimit() throws { try setLimit(rlim_t.max) }

    private static func setLimit(_ byteCount: rlim_t) throws(Errno) {
        // The hard limit stays.
        var limit = rlimit(rlim_cur: byteCount, rlim_max: rlim_t.max)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
