import Foundation

/// A part of a guest's memory that is written at a steady rate. Several vCPUs that do the same, each to a part of its own, are
/// one region of their parts together.
package struct WriteRegion: Hashable, Sendable, Codable {
    /// Which page is written next.
    package enum Pattern: String, CaseIterable, Sendable, Codable {
        /// One after the other, round and round.
        case sequential
        /// Any, with equal probability.
        case random
    }

    package var byteCount: Int
    /// Bytes of the pages written in a second at full speed, each write counted.
    package var writeRate: Double
    package var pattern: Pattern
    /// Whether all that is known of the rate is that it is no lower.
    package var isRateLowerBound = false
    /// How many vCPUs write it, each its own part.
    package var vcpuCount: Int
    /// The share of the pages written that is zero.
    package var zeroShare: Double
    /// Bytes on the wire for a byte of a page written that is sent whole; nil where it is as that of the rest of RAM.
    package var compressedShare: Double?
    /// Bytes of a delta for a byte of a page written, 1 where deltas do not pay; nil where nothing told.
    package var changedShare: Double?
    /// Whether deltas were asked for and none told what they have, so that it is the usual.
    package var isChangedShareAssumed = false

    /// What deltas are taken to have of a page when nothing tells.
    package static let usualChangedShare = 0.1

    package init(
        byteCount: Int, writeRate: Double, pattern: Pattern = .sequential, vcpuCount: Int = 1, zeroShare: Double = 0,
        changedShare: Double? = 1
    ) {
        self.byteCount = byteCount
        self.writeRate = writeRate
        self.pattern = pattern
        self.vcpuCount = vcpuCount
        self.zeroShare = zeroShare
        self.changedShare = changedShare
    }

    /// The share of the region's pages that is written when `written` bytes of pages are, repetitions counted.
    package func share(afterWriting written: Double) -> Double {
        guard byteCount > 0 else { return 0 }
        let rounds = written / Double(byteCount)
        return switch pattern {
        case .sequential: min(1, rounds)
        case .random: 1 - exp(-rounds)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case byteCount = "working-set"
        case writeRate = "rate"
        case isRateLowerBound = "rate-is-lower-bound"
        case pattern
        case vcpuCount = "vcpus"
        case zeroShare = "zero-share"
        case compressedShare = "compressed-share"
        case changedShare = "changed-share"
        case isChangedShareAssumed = "changed-share-is-assumed"
    }
}
