/// Encodes the payloads of one channel's packets, in order, as one continuous stream that is flushed after each packet.
///
/// The stream formats are those of QEMU's multifd channels: for zlib one RFC 1950 stream, for zstd one frame a channel,
/// neither ever ended. Owned by one channel's thread.
package protocol PayloadEncoder: AnyObject {
    /// The most bytes that a payload of `inputByteCount` bytes can become, in whatever parts it is handed over.
    func maximumEncodedByteCount(for inputByteCount: Int) -> Int

    /// Where the next payload, of a batch's size at most, is best put together; nil when any place is as good.
    @unsafe var staging: UnsafeMutableRawPointer? { get }

    /// Encodes the next part of a packet's payload and appends it to `output`. Allocates nothing.
    ///
    /// - Parameters:
    ///   - input: the part. One call for the whole payload is the fastest; parts are for pages that lie apart in memory
    ///     that does not change and need no copy first. A part must stay as it is only during the call.
    ///   - endsPayload: whether this is the last part. Then all that was handed over is flushed to `output`, from which
    ///     the peer can decode every byte.
    ///   - output: has room for what `maximumEncodedByteCount` says of the payload.
    func encode(_ input: RawSpan, endsPayload: Bool, into output: inout OutputRawSpan) throws(CodecError)
}

extension PayloadEncoder {
    /// Any place is as good.
    package var staging: UnsafeMutableRawPointer? { nil }

    /// Encodes one packet's payload, whole and flushed, and appends it to `output`.
    package func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError) {
        try encode(input, endsPayload: true, into: &output)
    }
}
