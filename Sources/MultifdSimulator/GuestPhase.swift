/// A time in which a guest writes faster or slower than usual.
package struct GuestPhase: Hashable, Sendable, Codable {
    /// In seconds.
    package var duration: Double
    /// By how much each region's write rate is multiplied; the last factor holds for the regions that follow.
    package var factors: [Double]

    package init(duration: Double, factors: [Double]) {
        self.duration = duration
        self.factors = factors
    }

    func factor(ofRegion region: Int) -> Double {
        region < factors.count ? factors[region] : factors.last ?? 1
    }
}
