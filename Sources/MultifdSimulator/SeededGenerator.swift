import Multifd

/// The numbers of a ``RandomSequence``: the same from the same seed on every machine.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var sequence: RandomSequence

    package init(seed: UInt64) {
        sequence = RandomSequence(state: seed)
    }

    package mutating func next() -> UInt64 {
        sequence.advance()
        return sequence.value
    }
}
