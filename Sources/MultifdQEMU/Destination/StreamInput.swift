import Multifd

/// The main connection's bytes that have come and not been decoded yet.
@safe
final class StreamInput {
    private let connection: Connection
    private let patience: Patience
    private let buffer: ScratchMemory
    private var start = 0
    private var end = 0
    /// Where the last record's offsets count from.
    private var base = 0

    /// The connection's first four bytes, the magic number, have been read already.
    init(_ connection: Connection, patience: Patience) throws(MemoryError) {
        self.connection = connection
        self.patience = patience
        // Room for the largest record behind a piece that is worth a call.
        buffer = try ScratchMemory(byteCount: StreamDecoder.maximumRecordByteCount + (3 << 20))
        var writer = MessageWriter()
        writer.append(QEMUStream.magic)
        for byte in writer.bytes {
            unsafe buffer.start.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
            end += 1
        }
    }

    /// Has a decoder take a record from the front.
    func take(
        _ decode: (RawSpan) throws(StreamError) -> (record: StreamRecord?, byteCount: Int)
    ) throws(StreamError) -> StreamRecord? {
        // Safe: the bytes up to `end` have been received, and stay until the next receive.
        let (record, byteCount) = try decode(
            unsafe RawSpan(_unsafeStart: buffer.start + start, byteCount: end - start))
        base = start
        start += byteCount
        return record
    }

    /// Receives what there is. Nil when nothing came within the time, 0 at the end of the stream.
    func receive(within time: Duration) throws(TransportError) -> Int? {
        if start > 0 {
            unsafe buffer.start.copyMemory(from: buffer.start + start, byteCount: end - start)
            end -= start
            start = 0
            base = 0
        }
        // Never empty: what is left over is less than a record, and the buffer holds more than one.
        let room = unsafe UnsafeMutableRawBufferPointer(start: buffer.start + end, count: buffer.byteCount - end)
        let count = unsafe try connection.receiveAvailable(into: room, within: time, patience: patience)
        end += count ?? 0
        return count
    }

    /// A copy of a part of the last record.
    func taken(_ range: Range<Int>) -> [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: address(range), count: range.count))
    }

    /// Where a part of the last record stands, until the next receive.
    @unsafe
    func address(_ range: Range<Int>) -> UnsafeRawPointer {
        precondition(range.lowerBound >= 0 && base + range.upperBound <= end)
        return unsafe UnsafeRawPointer(buffer.start + base + range.lowerBound)
    }
}
