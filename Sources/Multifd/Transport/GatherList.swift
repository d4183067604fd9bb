import Glibc

/// Pieces of memory that one system call sends or fills, in order. Its storage is allocated once.
@safe
package struct GatherList: ~Copyable {
    package let capacity: Int
    package private(set) var byteCount = 0
    private var first = 0
    private var end = 0
    private let vectors: UnsafeMutablePointer<iovec>

    /// - Parameter capacity: at most 1024 pieces, the most that Linux takes in one call (IOV_MAX).
    package init(capacity: Int) {
        precondition((1...1024).contains(capacity))
        self.capacity = capacity
        unsafe vectors = .allocate(capacity: capacity)
        unsafe vectors.initialize(repeating: iovec(), count: capacity)
    }

    deinit { unsafe vectors.deallocate() }

    package mutating func removeAll() {
        first = 0
        end = 0
        byteCount = 0
    }

    /// Appends a piece, joined with the last one when it follows on from it. Traps when the list is full.
    ///
    /// The memory must stay valid until the list is sent, filled or emptied.
    @unsafe
    package mutating func append(_ start: UnsafeMutableRawPointer, _ count: Int) {
        guard count > 0 else { return }
        byteCount += count
        if end > first, let base = unsafe vectors[end - 1].iov_base, unsafe base + vectors[end - 1].iov_len == start {
            // Not `+=`: 6.3's compiler crashes over it under thread sanitizer.
            unsafe vectors[end - 1].iov_len = vectors[end - 1].iov_len + count
            return
        }
        precondition(end < capacity)
        unsafe vectors[end] = iovec(iov_base: start, iov_len: count)
        end += 1
    }

    /// Calls `body`, a system call, with a message header over the first `limit` bytes, and drops as many bytes as it
    /// returns.
    ///
    /// - Returns: what `body` returned: a negative number is a failure, and nothing is dropped.
    mutating func transfer(upTo limit: Int, _ body: (inout msghdr) -> Int) -> Int {
        var count = 0
        var index = first
        while index < end, unsafe count + vectors[index].iov_len <= limit {
            count += unsafe vectors[index].iov_len
            index += 1
        }
        var header = unsafe msghdr()
        unsafe header.msg_iov = vectors + first
        unsafe header.msg_iovlen = index - first
        guard index < end, count < limit else {
            let moved = unsafe body(&header)
            drop(max(0, moved))
            return moved
        }
        // The limit cuts this piece: it is shortened for the call.
        let whole = unsafe vectors[index].iov_len
        unsafe vectors[index].iov_len = limit - count
        unsafe header.msg_iovlen += 1
        let moved = unsafe body(&header)
        unsafe vectors[index].iov_len = whole
        drop(max(0, moved))
        return moved
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        var left = count
        while left > 0 {
            let length = unsafe vectors[first].iov_len
            guard left < length else {
                left -= length
                first += 1
                continue
            }
            unsafe vectors[first].iov_base = vectors[first].iov_base.map { unsafe $0 + left }
            unsafe vectors[first].iov_len = length - left
            left = 0
        }
        if first == end { removeAll() }
    }
}
