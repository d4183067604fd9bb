/// How well a RAMBlock of a snapshot compresses by itself.
struct BenchBlock: Encodable, Hashable, Sendable {
    /// What one way to encode pages makes of it.
    struct Outcome: Encodable, Hashable, Sendable {
        var mode: BenchMode
        /// Bytes before the codec for each byte after it; 1 without one.
        var ratio: Double
        /// Bytes on the wire.
        var transferred: Double
        /// In s.
        var totalTime: Double

        private enum CodingKeys: String, CodingKey {
            case mode, ratio, transferred
            case totalTime = "total-time"
        }
    }

    var name: String
    /// Bytes.
    var size: Int
    /// Bytes of its pages that are not zero.
    var content: Int
    var outcomes: [Outcome]

    private enum CodingKeys: String, CodingKey {
        case name, size, content
        case outcomes = "modes"
    }
}
