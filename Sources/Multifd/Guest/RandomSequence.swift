/// SplitMix64 (Steele, Lea, Flood 2014): the state advances by a constant and each output is a mix of it, so that the
/// sequence can be entered at any place.
package struct RandomSequence: Equatable, Sendable {
    package var state: UInt64

    /// 2^64 divided by the golden ratio, odd.
    static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init(state: UInt64) { self.state = state }

    /// The value at the present place.
    @inline(__always)
    package var value: UInt64 { Self.mix(state) }

    @inline(__always)
    package mutating func advance() { state &+= Self.increment }

    /// The sequence `count` places further on.
    func advanced(by count: UInt64) -> RandomSequence { RandomSequence(state: state &+ count &* Self.increment) }

    @inline(__always)
    static func mix(_ state: UInt64) -> UInt64 {
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// A number below `bound` from 64 random bits.
    @inline(__always)
    static func scale(_ bits: UInt64, below bound: Int) -> Int {
        Int(truncatingIfNeeded: bits.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
