import Glibc

/// How many files this process may have open at once. A shell's limit, 1024 on most systems, is far below what a process
/// may ask for, and a guest of many RAMBlocks in files needs more: two descriptors for each.
enum DescriptorLimit {
    /// Room for 4096 RAMBlocks, the most that a guest has, and 255 channels with their main channel and more.
    private static let wanted: rlim_t = 10_000

    /// Asks for more, up to what this process may have.
    static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        // Refused, it stays as it is: whoever meets it says so.
        _ = unsafe setrlimit(resource, &limit)
    }
}
