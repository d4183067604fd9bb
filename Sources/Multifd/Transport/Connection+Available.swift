import Glibc
import SystemPackage

extension Connection {
    /// Receives what there is, and waits for one byte at least: for streams whose messages do not say how long they are.
    ///
    /// - Returns: how many bytes came, 0 at the end of the stream, or nil when none came within the time.
    @unsafe
    package func receiveAvailable(
        into buffer: UnsafeMutableRawBufferPointer, within time: Duration, patience: Patience
    ) throws(TransportError) -> Int? {
        let end = MonotonicTime.now + time
        while true {
            let received = unsafe recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if received > 0 { patience.renew() }
            if received >= 0 { return received }
            guard errno == EAGAIN else {
                try continueAfterError(patience)
                continue
            }
            let left = end.since(.now)
            guard left > .zero else { return nil }
            try patience.check(peer: peer)
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(min(left, Patience.tick).millisecondsRoundedUp))
        }
    }

    /// The same into an array, for messages. Throws ``TransportError/closed(peer:)`` at the end of the stream.
    package func receiveAvailable(
        upTo byteCount: Int, within time: Duration, patience: Patience
    ) throws(TransportError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        // Safe: the buffer is the array's own, for the time of the call.
        let result: Result<Int?, TransportError> = unsafe bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(TransportError) in
                unsafe try receiveAvailable(into: buffer, within: time, patience: patience)
            }
        }
        guard let count = try result.get() else { return nil }
        guard count > 0 else { throw .closed(peer: peer) }
        return Array(bytes.prefix(count))
    }
}
