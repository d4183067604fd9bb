/// The migration bitmap of a simulated guest: not pages, but for each region the share of its pages that is marked.
///
/// An iteration passes over memory once. Pages ahead of it and pages behind it are told apart, because a sync within an
/// iteration marks both: the ones ahead are sent in this iteration, the ones behind wait for the next. Regions are taken to
/// be spread evenly over memory.
struct SimulatedMemory {
    struct Part {
        var region: WriteRegion
        /// The share of the pages ahead that is marked.
        var ahead = 1.0
        /// The share of the pages behind that is marked.
        var behind = 0.0
        /// Bytes written since the last sync, repetitions counted.
        var written = 0.0
        /// Bytes of pages that syncs found written, each page counted once a sync.
        var found = 0.0
        var byteCount: Double { Double(region.byteCount) }

        /// Marks what was written since the last sync.
        mutating func sync(at position: Double) -> SyncResult {
            let share = region.share(afterWriting: written)
            let unmarked = (1 - position) * (1 - ahead) + position * (1 - behind)
            found += byteCount * share
            ahead += (1 - ahead) * share
            behind += (1 - behind) * share
            written = 0
            return SyncResult(dirtied: byteCount * share * unmarked, written: byteCount * share)
        }

        /// Sends the pages between two positions, so that none of those is marked.
        mutating func advance(from position: Double, to next: Double) {
            if next > position { behind *= position / next }
        }
    }

    struct SyncResult {
        /// Bytes of pages that were not marked before.
        var dirtied: Double
        /// Bytes of all pages found written.
        var written: Double
    }

    /// The regions, and then all that is never written.
    var parts: [Part]
    /// How far the iteration is, 0...1.
    private(set) var position = 0.0

    init(of guest: GuestModel) {
        let untouched = guest.ramByteCount - guest.regions.reduce(0) { $0 + $1.byteCount }
        let rest = WriteRegion(byteCount: max(0, untouched), writeRate: 0, zeroShare: guest.zeroShare)
        parts = (guest.regions + [rest]).map { Part(region: $0) }
    }

    /// Bytes that are to be sent, ahead and behind.
    var remaining: Double {
        parts.reduce(0) { $0 + $1.byteCount * ((1 - position) * $1.ahead + position * $1.behind) }
    }

    /// Bytes of all pages that a sync would find written.
    var written: Double {
        parts.reduce(0) { $0 + $1.byteCount * $1.region.share(afterWriting: $1.written) }
    }

    mutating func sync() -> SyncResult {
        var result = SyncResult(dirtied: 0, written: 0)
        for index in parts.indices {
            let found = parts[index].sync(at: position)
            result.dirtied += found.dirtied
            result.written += found.written
        }
        return result
    }

    /// Sends the pages between here and `next`, so that none of those is marked.
    mutating func advance(to next: Double) {
        guard next > position else { return }
        for index in parts.indices { parts[index].advance(from: position, to: next) }
        position = next
    }

    /// Begins the next iteration: what was marked behind the last one is now ahead.
    mutating func beginIteration() {
        guard position > 0 else { return }
        position = 0
        for index in parts.indices {
            parts[index].ahead = parts[index].behind
            parts[index].behind = 0
        }
    }
}
