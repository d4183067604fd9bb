/// Encodes the payloads of one channel's packets, in order, as one continuous stream that is flushed after each packet.
///
/// The stream formats are those of QEMU's multifd channels: for zlib one RFC 1950 stream, for zstd one frame a channel,
/// neither ever ended. Owned by one channel's thread.
package protocol PayloadEncoder: AnyObject {
    /// The most bytes that a payload of `inputByteCount` bytes can become.
    func maximumEncodedByteCount(for inputByteCount: Int) -> Int

    /// Where the next payload, of a batch's size at most, is best put together; nil when any place is as good.
    @unsafe var staging: UnsafeMutableRawPointer? { get }

    /// Encodes one packet's payload, flushed, so that the peer can decode every byte of it, and appends it to `output`.
    /// Allocates nothing.
    ///
    /// - Parameter output: has room for what `maximumEncodedByteCount` says of the payload.
    func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError)
}

extension PayloadEncoder {
    /// Any place is as good.
    package var staging: UnsafeMutableRawPointer? { nil }
}
