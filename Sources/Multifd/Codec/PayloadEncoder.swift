/// Encodes the payloads of one channel's packets, in order, as one continuous stream that is flushed after each packet.
///
/// The stream formats are those of QEMU's multifd channels: for zlib one RFC 1950 stream, for zstd one frame a channel,
/// neither ever ended. Owned by one channel's thread.
package protocol PayloadEncoder: AnyObject {
    /// The most bytes that `inputByteCount` bytes can become.
    func maximumEncodedByteCount(for inputByteCount: Int) -> Int

    /// Encodes one packet's payload, whole and flushed, and appends it to `output`, which has room for
    /// `maximumEncodedByteCount`. Allocates nothing.
    func encode(_ input: RawSpan, into output: inout OutputRawSpan) throws(CodecError)
}
