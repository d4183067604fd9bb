import CLinux
import Glibc
import Synchronization
import SystemPackage

/// A connected stream socket.
///
/// One thread sends and one receives at a time; `shutdown` may be called by any thread and ends both. The descriptor is
/// closed when the last reference goes, so no call ever meets a descriptor that now belongs to somebody else.
package final class Connection: Sendable {
    /// The peer's address, for errors and reports.
    package let peer: String
    let socket: Int32
    /// Since when the call that is under way has waited for a byte to move, on the monotonic clock; 0 while bytes move.
    private let waitingSince = Atomic<UInt64>(0)

    /// Takes over a connected socket.
    package init(owning socket: Int32, peer: String) {
        self.socket = socket
        self.peer = peer
        // A call that is blocked wakes this often to see whether to go on waiting.
        var tick = timeval(tv_sec: 0, tv_usec: Int(Patience.tick.nanoseconds / 1000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &tick, size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &tick, size)
        // Fails on a unix socket, which has nothing to delay.
        var on: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(socket) }

    /// Ends both directions: blocked calls of any thread return, the peer sees the end of the stream.
    package func shutdown() { _ = Glibc.shutdown(socket, Int32(SHUT_RDWR)) }

    /// Whether something can be received at once, be it the end.
    package var isReadable: Bool { isReadable(within: .zero) }

    /// The same, within some time.
    func isReadable(within time: Duration) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, Int32(time.wholeMilliseconds)) > 0
    }

    /// Has the kernel confirm at once what comes next. A peer that saves packets (Nagle's algorithm) sends the second of two
    /// short messages when the first is confirmed: else 40 ms later.
    package func confirmNextAtOnce() {
        // Fails on a unix socket, which confirms nothing.
        var on: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Bytes that were sent and still wait here for the link, or for the peer to take them; 0 where the socket cannot tell.
    var queuedByteCount: Int { Int(max(0, CLinux_queued_byte_count(socket))) }

    /// For how long a call has waited for the peer to take or to send a single byte. For connections that are used in one
    /// direction.
    var silence: Duration {
        let since = waitingSince.load(ordering: .relaxed)
        return since == 0 ? .zero : MonotonicTime.now.since(MonotonicTime(nanoseconds: since))
    }

    /// The same, as far as somebody has waited for the peer since then: before that it may have had nothing to say.
    func silence(since begin: MonotonicTime) -> Duration { min(silence, MonotonicTime.now.since(begin)) }

    /// Sends all of a list, and leaves it empty.
    package func send(
        _ list: inout GatherList, limiter: BandwidthLimiter? = nil, patience: Patience
    ) throws(TransportError) {
        while list.byteCount > 0 {
            var granted = try limiter?.wait(for: list.byteCount, patience: patience) ?? list.byteCount
            while granted > 0 {
                let sent = unsafe list.transfer(upTo: granted) { unsafe sendmsg(socket, &$0, Int32(MSG_NOSIGNAL)) }
                guard sent >= 0 else {
                    try continueAfterError(patience)
                    continue
                }
                granted -= sent
                try renew(patience, isComplete: granted == 0)
            }
        }
    }

    /// Fills a buffer. Returns false when the peer closed the connection before the first byte of it.
    @unsafe
    package func receive(
        into buffer: UnsafeMutableRawBufferPointer, patience: Patience
    ) throws(TransportError) -> Bool {
        var filled = 0
        while filled < buffer.count {
            let received = unsafe recv(
                socket, buffer.baseAddress.map { unsafe $0 + filled }, buffer.count - filled, Int32(MSG_WAITALL))
            guard received >= 0 else {
                try continueAfterError(patience)
                continue
            }
            guard received > 0 else {
                if filled == 0 { return false }
                throw .closed(peer: peer)
            }
            filled += received
            try renew(patience, isComplete: filled == buffer.count)
        }
        return true
    }

    /// Receives exactly that many bytes, or nil when the peer closed the connection before the first of them. For messages,
    /// not for pages: it allocates.
    package func receive(_ byteCount: Int, patience: Patience) throws(TransportError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        // Safe: the buffer is the array's own, for the time of the call.
        let isOpen: Result<Bool, TransportError> = unsafe bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(TransportError) in unsafe try receive(into: buffer, patience: patience) }
        }
        return try isOpen.get() ? bytes : nil
    }

    /// Sends bytes. For messages, not for pages.
    package func send(_ bytes: [UInt8], patience: Patience) throws(TransportError) {
        var sent = 0
        while sent < bytes.count {
            // Safe: the buffer is the array's own, for the time of the call.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    socket, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                try continueAfterError(patience)
                continue
            }
            sent += count
            try renew(patience, isComplete: sent == bytes.count)
        }
    }

    /// Something moved. A peer that moves a byte now and then must not make a call last beyond its deadline.
    private func renew(_ patience: Patience, isComplete: Bool) throws(TransportError) {
        patience.renew()
        if waitingSince.load(ordering: .relaxed) != 0 { waitingSince.store(0, ordering: .relaxed) }
        if !isComplete { try patience.checkStop() }
    }

    /// Returns when a call that failed may be repeated.
    func continueAfterError(_ patience: Patience) throws(TransportError) {
        let error = Errno(rawValue: errno)
        switch error {
        case .interrupted: return
        case .resourceTemporarilyUnavailable:  // the tick of the timeout
            if silence == .zero { waitingSince.store(MonotonicTime.now.nanoseconds, ordering: .relaxed) }
            return try patience.check(peer: peer)
        // A stop closes connections to wake their threads: what they meet is no fault of the peer.
        case _ where patience.isStopped: throw .cancelled
        case .brokenPipe: throw .closed(peer: peer)
        // A reset, too: unlike an end it may have overtaken what the peer said last.
        default: throw .broken(peer: peer, error)
        }
    }
}
