/// How well a RAMBlock of a snapshot compresses by itself.
package struct BenchBlock: Encodable, Hashable, Sendable {
    /// What one way to encode pages makes of it.
    package struct Outcome: Encodable, Hashable, Sendable {
        package var mode: BenchMode
        /// Bytes before the codec for each byte after it; 1 without one.
        package var ratio: Double
        /// Bytes on the wire.
        package var transferred: Double
        /// In s.
        package var totalTime: Double

        private enum CodingKeys: String, CodingKey {
            case mode, ratio, transferred
            case totalTime = "total-time"
        }
    }

    package var name: String
    /// Bytes.
    package var size: Int
    /// Bytes of its pages that are not zero.
    package var content: Int
    package var outcomes: [Outcome]

    private enum CodingKeys: String, CodingKey {
        case name, size, content
        case outcomes = "modes"
    }
}
