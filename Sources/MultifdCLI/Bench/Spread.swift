/// The middle of several measurements, and how far they lie apart.
package struct Spread: Codable, Hashable, Sendable {
    package var median: Double
    package var minimum: Double
    package var maximum: Double

    /// - Parameter values: at least one; trapped otherwise.
    package init(ofNonempty values: [Double]) {
        let sorted = values.sorted()
        minimum = sorted[0]
        maximum = sorted[sorted.count - 1]
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
