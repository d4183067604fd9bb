/// The log of a guest that writes at each sync, and not meanwhile. It is not paused before it has written all that it has
/// to: what migrations have moved is then the same, however fast each of them is.
package protocol SteppedDirtyLog: DirtyLog {
    /// Whether there is anything left to be written at the syncs to come.
    var hasMore: Bool { get }
}
