/// What the two ends may agree on. The source asks, the destination grants; a feature that is not granted is not used.
package struct SessionFeatures: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Before the handover both ends hash all of the guest's memory and the source compares. 1 stood for a digest of other
    /// pieces.
    package static let memoryDigest = SessionFeatures(rawValue: 4)

    /// Pages that were sent before may come as deltas.
    package static let deltas = SessionFeatures(rawValue: 2)

    /// The destination may say that it works while an iteration is under way, too.
    package static let workWithinIteration = SessionFeatures(rawValue: 8)

    /// What this program grants.
    static let supported: SessionFeatures = [.memoryDigest, .deltas, .workWithinIteration]
}
