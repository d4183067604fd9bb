/// What a workload's RAM holds before it runs, and what it writes while it runs.
package enum GuestFill: Equatable, Sendable {
    /// 40 % zero pages, most of them in whole stretches of 2 MiB; of the others 45 % records, 30 % text, 25 % random.
    case mixed
    /// Nothing but zero pages. What is written while it runs is as with `mixed`.
    case zero
    /// Pages that no codec makes smaller.
    case random
    /// Pages of English words.
    case text
    /// Pages of which that share, 0 to 1, compresses to nothing and the rest not at all.
    case compressible(Double)

    /// The content of a page before the guest runs.
    func background(bits: UInt64, stretchBits: UInt64) -> PageContent {
        switch self {
        case .mixed:
            // A quarter of the stretches, and a fifth of the pages of the others: 0.25 + 0.75 × 0.2 = 0.4.
            if RandomSequence.scale(stretchBits, below: 4) == 0 || RandomSequence.scale(bits, below: 5) == 0 {
                .zero
            } else {
                Self.mixture(bits)
            }
        case .zero: .zero
        case .random: .random
        case .text: .text
        case .compressible(let share): .compressible(share)
        }
    }

    /// The content that a step writes; never a zero page.
    @inline(__always)
    func rewriting(bits: UInt64) -> PageContent {
        switch self {
        case .mixed, .zero: Self.mixture(bits)
        case .random: .random
        case .text: .text
        case .compressible(let share): .compressible(share)
        }
    }

    // Low bits, because scale(_:below:) takes its choice from the high ones.
    @inline(__always)
    private static func mixture(_ bits: UInt64) -> PageContent {
        switch bits & 0xFF {
        case 0..<115: .records
        case 115..<192: .text
        default: .random
        }
    }
}

extension GuestFill: CustomStringConvertible {
    /// As in `fill=`.
    package var description: String {
        switch self {
        case .mixed: "mixed"
        case .zero: "zero"
        case .random: "random"
        case .text: "text"
        case .compressible(let share): "compressible:\(share)"
        }
    }
}
