/// Decodes the payloads of one channel's packets, in order: the reverse of ``PayloadEncoder``. Owned by one channel's
/// thread.
///
/// A packet is `begin`, one `decode` for each run of bytes it fills, `finish`. Output goes straight to where it belongs,
/// or stays where the library puts it; never a byte more than was asked for is written, whatever the input claims. Runs as
/// short as one page cost nothing: both libraries keep their window apart and hand output out from there. After an error
/// the decoder is of no further use, because a stream cannot be read from its middle.
package protocol PayloadDecoder: AnyObject {
    /// Hands over a packet's encoded payload, which must stay valid until `finish`.
    @unsafe func begin(_ input: UnsafeRawBufferPointer) throws(CodecError)

    /// Fills `output` completely with the next decoded bytes.
    ///
    /// Throws when the input ends too early, is corrupt, or ends its stream. Some of `output` may be written by then.
    @unsafe func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError)

    /// Decodes the next bytes to `scratch`, which has room for them, or to memory of the decoder's own, whichever saves a
    /// copy. Throws like ``decode(into:)``.
    ///
    /// - Returns: where they are, until `begin` or until `scratch` is used again.
    @unsafe func decode(_ byteCount: Int, scratch: UnsafeMutableRawPointer) throws(CodecError) -> UnsafeRawPointer

    /// Throws when input is left over, or would give more bytes.
    func finish() throws(CodecError)

    /// Forgets the stream: the next payload is the first of another one.
    func restart()
}

extension PayloadDecoder {
    @unsafe
    package func decode(
        _ byteCount: Int, scratch: UnsafeMutableRawPointer
    ) throws(CodecError) -> UnsafeRawPointer {
        unsafe try decode(into: UnsafeMutableRawBufferPointer(start: scratch, count: byteCount))
        return UnsafeRawPointer(scratch)
    }
}
