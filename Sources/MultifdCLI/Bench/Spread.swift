/// The middle of several measurements, and how far they lie apart.
package struct Spread: Codable, Hashable, Sendable {
    package var median: Double
    package var minimum: Double
    package var maximum: Double

    /// Nil when there are none.
    package init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        minimum = first
        maximum = last
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
