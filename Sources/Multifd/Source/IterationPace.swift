/// Keeps iterations that have next to nothing to send, and still too much for the downtime limit, from using up a core.
package enum IterationPace {
    /// No iteration begins sooner than this after the one before.
    package static let shortest = Duration.milliseconds(20)
}
