/// Cuts a stream of bytes into lines.
struct LineBuffer {
    /// The longest answer that is taken in: a peer that sends no line end must not fill our memory.
    static let maximumLineByteCount = 16 << 20
    private var bytes: [UInt8] = []
    private var scanned = 0

    /// What has come of an unfinished line.
    var rest: [UInt8] { bytes }

    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    /// Takes the next whole line out, without its end.
    mutating func next() throws(QMPError) -> [UInt8]? {
        guard let end = bytes[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = bytes.count
            guard bytes.count <= Self.maximumLineByteCount else {
                throw .malformed(found: "it sent a line of more than \(Self.maximumLineByteCount) bytes")
            }
            return nil
        }
        var line = Array(bytes[..<end])
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        bytes.removeSubrange(...end)
        scanned = 0
        return line
    }
}
