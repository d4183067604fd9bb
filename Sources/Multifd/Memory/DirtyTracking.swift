/// How the pages that a guest writes are found.
package enum DirtyTracking: String, CaseIterable, Sendable {
    /// By the kernel where it can, else by the guest itself.
    case auto
    /// By the kernel: write-protection that it takes off and remembers by itself. Linux 6.7 or later.
    case kernel
    /// By the guest, which notes each page that it writes.
    case software
}
