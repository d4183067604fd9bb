/// Decodes the payloads of one channel's packets, in order: the reverse of ``PayloadEncoder``. Owned by one channel's
/// thread.
///
/// A packet is `begin`, one `decode` for each run of bytes it fills, `finish`. Output goes straight to where it belongs;
/// never a byte more than was asked for is produced, whatever the input claims.
package protocol PayloadDecoder: AnyObject {
    /// Hands over a packet's encoded payload, which must stay valid until `finish`.
    @unsafe func begin(_ input: UnsafeRawBufferPointer)

    /// Fills `output` completely with the next decoded bytes.
    ///
    /// Throws when the input ends too early, is corrupt, or ends its stream.
    @unsafe func decode(into output: UnsafeMutableRawBufferPointer) throws(CodecError)

    /// Throws when input is left over, or would give more bytes.
    func finish() throws(CodecError)
}
