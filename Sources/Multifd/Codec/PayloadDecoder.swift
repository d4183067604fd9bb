/// Decodes the payloads of one channel's packets, in order: the reverse of ``PayloadEncoder``. Owned by one channel's
/// thread.
///
/// A packet is `begin`, one `decode` for each run of bytes it fills, `finish`. Output goes straight to where it belongs;
/// never a byte more than was asked for is written, whatever the input claims. Runs as short as one page cost nothing:
/// both libraries keep their window in memory of their own and hand output out from there. After an error the decoder
/// is of no further use, because a stream cannot be read from its middle.
package protocol PayloadDecoder: AnyObject {
    /// Hands over a packet's encoded payload, which must stay valid until `finish`.
    @unsafe func begin(_ input: UnsafeRawBufferPointer) throws(CodecError)

    /// Fills `output` completely with the next decoded bytes.
    ///
    /// Throws when the input ends too early, is corrupt, or ends its stream. Some of `output` may be written by then.
    @unsafe func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError)

    /// Throws when input is left over, or would give more bytes.
    func finish() throws(CodecError)

    /// Forgets the stream: the next payload is the first of another one.
    func restart()
}
