import Glibc

/// The machine's cores, and work that is shared among them.
package enum Cores {
    /// How many are online.
    package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Into how many shares to cut work on all of a guest's memory: one for each core, at most 8.
    static var shareCount: Int { min(8, count) }

    /// Does all shares of some work at once, each on a thread of its own and the last on this one. What no thread is to
    /// be had for, this one does: slower, but as good.
    ///
    /// - Parameter name: that of the threads, which a number follows.
    package static func share(_ count: Int, named name: String, _ body: @escaping @Sendable (_ share: Int) -> Void) {
        var threads: [WorkerThread] = []
        for share in 0..<count {
            if share < count - 1, let thread = try? WorkerThread(named: "\(name)-\(share)", { body(share) }) {
                threads.append(thread)
            } else {
                body(share)
            }
        }
        for thread in threads { thread.join() }
    }
}
