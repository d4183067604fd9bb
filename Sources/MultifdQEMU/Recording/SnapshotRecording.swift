/// What a snapshot keeps of how its memory came to be what it is: which pages came in each iteration, and with what
/// content, so that the guest can be played again (``ReplayGuest``).
///
/// ```
/// DIR/recording.pages     pages of 4 KiB, the first of them zeros
/// DIR/recording.index     runs of pages, 32 bytes each, integers most significant byte first:
///     be32 RAMBlock       its place in `ram-blocks`
///     be32 kind           1: with content    2: zero    3: came, and held what it had held before
///     be64 first page     in its RAMBlock
///     be64 count          pages
///     be64 place          kind 1: the first page's content in recording.pages; others: 0
/// ```
/// The runs of an iteration follow those of the one before, in the order of RAMBlocks and pages; no page is in two of
/// them. The first iteration holds memory as it was first sent. A page that is in a later one was written by the guest
/// while the iteration before was under way; where in that time, and how often, a source does not say.
public struct SnapshotRecording: Codable, Hashable, Sendable {
    /// What the guest did between two looks of the source at its dirty log.
    public struct Iteration: Codable, Hashable, Sendable {
        package init(microseconds: Int, runs: Int, normal: Int, duplicate: Int, unchanged: Int) {
            self.microseconds = microseconds
            self.runs = runs
            self.normal = normal
            self.duplicate = duplicate
            self.unchanged = unchanged
        }

        /// From the end of the iteration before, or the announcement of the guest, to its own, in µs.
        public var microseconds: Int
        /// Its share of the index.
        public var runs: Int
        /// Pages that came with content that they had not had before.
        public var normal: Int
        /// Pages that came as zero and were not before.
        public var duplicate: Int
        /// Pages that held what they had held before.
        public var unchanged: Int

        private enum CodingKeys: String, CodingKey {
            case microseconds = "duration-us"
            case runs
            case normal
            case duplicate
            case unchanged
        }

        /// What it takes of a manifest's text: 130 bytes but for the digits.
        var textByteCount: Int {
            [microseconds, runs, normal, duplicate, unchanged].reduce(130) { $0 + String($1).utf8.count }
        }

        /// Whether the numbers can be used without a look at the index.
        var isPossible: Bool {
            // Far longer than any migration, and short enough to compute with.
            (0...1_000_000_000_000).contains(microseconds) && min(runs, normal, duplicate, unchanged) >= 0
                && max(runs, normal, duplicate, unchanged) < 1 << 38
        }

        /// Whether they are those of an iteration in which these pages came, and pages came at all.
        func holds(_ found: [RecordedRun]) -> Bool {
            func count(_ kind: RecordedRun.Kind) -> Int { found.reduce(0) { $0 + ($1.kind == kind ? $1.count : 0) } }
            return !found.isEmpty && found.count == runs && count(.content) == normal && count(.zero) == duplicate
                && count(.unchanged) == unchanged
        }

        /// All pages that came.
        public var pageCount: Int { normal + duplicate + unchanged }
    }

    /// The content of pages.
    public var pages: SnapshotFile
    /// What came when.
    public var index: SnapshotFile
    /// In order; at least one.
    public var iterations: [Iteration]

    /// What the iterations may take of a manifest's text: 2 MiB are left for the rest. Enough for 200,000.
    static let maximumTextByteCount = SnapshotManifest.maximumTextByteCount - 2 << 20

    static let pagesFileName = "recording.pages"
    static let indexFileName = "recording.index"
}
