import Foundation

/// A unix socket that listens, with room in its queue for one.
package final class ShortQueue: Sendable {
    private let path: String
    private let socket: Int32

    package init(at path: String) throws {
        self.path = path
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let isBound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(socket, 0) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    /// Waits until somebody is in the queue.
    package func waitForFirst() {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&entry, 1, 30_000)
    }

    /// Takes the first from the queue, and hangs up.
    package func dropFirst() { close(accept(socket, nil, nil)) }

    /// Whoever comes from now on finds nobody.
    package func removeName() { _ = unsafe unlink(path) }

    deinit {
        removeName()
        close(socket)
    }
}
