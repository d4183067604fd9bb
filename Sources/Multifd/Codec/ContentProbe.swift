/// A look at a payload that tells, for a hundredth of what compressing it costs, whether it is worth a try.
package enum ContentProbe {
    /// Bytes looked at next to each other, and how far apart such samples are: about one a page, each time at another place
    /// of it, because the heads of pages are not like the rest.
    private static let sampleByteCount = 64
    private static let sampleStride = 4096 + 13 * 64

    /// Whether the bytes are spread unevenly over the values a byte can take, as anything but compressed, encrypted
    /// or random content is.
    ///
    /// Sums the squares of how often each value occurs. For n evenly random bytes the sum is n + n (n - 1) / 256 on
    /// average, and hardly ever 1.1 times that from a packet on; text and programs are at 3 times and more. For short
    /// payloads, where chance is large, the answer is yes.
    package static func isCompressible(_ payload: RawSpan) -> Bool {
        guard payload.byteCount >= 16 * sampleStride else { return true }
        var occurrences = [256 of UInt32](repeating: 0)
        var count = 0
        var start = 0
        while start <= payload.byteCount - sampleByteCount {
            // Within the payload: the loop's condition says so.
            for offset in start..<start + sampleByteCount {
                let byte = unsafe payload.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
                occurrences[Int(byte)] &+= 1
            }
            count += sampleByteCount
            start += sampleStride
        }
        var squares = 0
        for value in occurrences.indices { squares += Int(occurrences[value]) * Int(occurrences[value]) }
        let evenly = Double(count) + Double(count) * Double(count - 1) / 256
        return Double(squares) > 1.1 * evenly
    }
}
