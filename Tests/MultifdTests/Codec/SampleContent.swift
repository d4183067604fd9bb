import Multifd

/// Deterministic pseudo-random numbers for tests: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What guests' pages look like at the extremes, for codecs to be tried on.
enum SampleContent: String, CaseIterable, Sendable {
    case zeros, ones, random, text, alternating, pointers, halfRandom, runsJustTooShort

    private static let mebibyte: [SampleContent: [UInt8]] =
        Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.generate(count: 1 << 20)) })

    /// The same bytes for the same seed; another seed mostly gives others.
    func bytes(count: Int, seed: UInt64 = 0) -> [UInt8] {
        let all = Self.mebibyte[self] ?? []
        let start = Int(seed * 40_961 % UInt64(all.count - count + 1))
        return Array(all[start..<start + count])
    }

    private func generate(count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 1)
        let words = ["the ", "way ", "of ", "a ", "page ", "from ", "guest ", "to ", "guest ", "\n"].map {
            Array($0.utf8)
        }
        return unsafe Array(unsafeUninitializedCapacity: count) { bytes, filled in
            while filled < count {
                let part: [UInt8] =
                    switch self {
                    case .zeros: [UInt8](repeating: 0, count: 64)
                    case .ones: [UInt8](repeating: 0xFF, count: 64)
                    case .random: Self.bytes(of: generator.next())
                    case .text: words[Int(generator.next() % UInt64(words.count))]
                    case .alternating: [0x55, 0xAA, 0x55, 0xAA, 0x55, 0xAA, 0x55, 0xAA]
                    case .pointers: Self.bytes(of: 0xFFFF_8880_0000_0000 | generator.next() & 0xFFF_FFF8)
                    case .halfRandom: Self.bytes(of: filled / 4096 % 2 == 0 ? 0 : generator.next())
                    // Matches of two bytes, below what deflate and zstd can use, and literals of all kinds.
                    case .runsJustTooShort: Self.bytes(of: generator.next()).flatMap { [$0, $0] }
                    }
                for byte in part where filled < count {
                    unsafe bytes[filled] = byte
                    filled += 1
                }
            }
        }
    }

    private static func bytes(of word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
}
