/// How fast a recorded guest is played.
public enum ReplaySpeed: Hashable, Sendable {
    /// That many times as fast as it was recorded.
    case times(Double)
    /// One recorded iteration at each sync of the dirty log, however long the migration's own iterations are. The guest is
    /// not paused before all of them have come: every migration sees the same pages, and ends with the snapshot's memory.
    case synced

    /// As fast as it was recorded.
    public static let original = ReplaySpeed.times(1)

    /// What factors can be: slower and faster ones are not told from standing still, and from writing all at once.
    public static let validFactors = 0.001...1000.0
}
