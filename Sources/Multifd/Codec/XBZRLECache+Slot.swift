extension XBZRLECache {
    /// The state of one slot, as a word that changes atomically.
    ///
    /// ```
    /// bit 63    62      59...61          58    40...57   0...39
    ///     busy  asleep  overflow streak  zero  last use  page + 1, 0 for an empty slot
    /// ```
    struct Slot: Equatable {
        private(set) var rawValue: UInt64

        init(rawValue: UInt64) { self.rawValue = rawValue }

        /// A page's slot, as a channel takes it.
        static func busy(_ tag: UInt64) -> Slot { Slot(rawValue: 1 << 63 | tag) }

        static let empty = Slot(rawValue: 0)

        /// A page's slot, as a channel leaves it.
        init(
            tag: UInt64, lastUse iteration: Int, overflowStreak: Int = 0, isAsleep: Bool = false, isZero: Bool = false
        ) {
            rawValue =
                tag | (UInt64(truncatingIfNeeded: iteration) & Self.iterationMask) << 40
                | (isZero ? 1 << 58 : 0) | UInt64(overflowStreak) << 59 | (isAsleep ? 1 << 62 : 0)
        }

        static let tagMask: UInt64 = 1 << 40 - 1
        private static let iterationMask: UInt64 = 1 << 18 - 1
        static let maximumOverflowStreak = 7

        var tag: UInt64 { rawValue & Self.tagMask }
        /// A channel is at the slot's content: the one that handles page `tag`.
        var isBusy: Bool { rawValue >> 63 != 0 }
        /// The content is not what was sent last: see ``sleepLength``.
        var isAsleep: Bool { rawValue >> 62 & 1 != 0 }
        /// How many times in a row a delta of this page overflowed.
        var overflowStreak: Int { Int(rawValue >> 59 & 7) }

        /// The page was sent as zero: the slot's content memory is not used.
        var isZero: Bool { rawValue >> 58 & 1 != 0 }

        /// Iterations since the slot was used, modulo 2^18: one that old may be protected once more, at no harm.
        func age(at iteration: Int) -> Int {
            Int((UInt64(truncatingIfNeeded: iteration) &- rawValue >> 40) & Self.iterationMask)
        }

        /// Whether another page may take the slot: one used in this iteration or the last one stays.
        func isEvictable(at iteration: Int) -> Bool {
            !isBusy && (tag == 0 || isAsleep || age(at: iteration) >= 2)
        }

        /// How many iterations a page is left out whose deltas keep overflowing: 2, 4, 8, ... 64, so that content
        /// which is new each time costs neither comparing nor copying.
        var sleepLength: Int { 1 << (overflowStreak - 1) }
    }
}
