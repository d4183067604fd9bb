import Multifd

/// How long a guest ran: time, less what the throttle took of it.
struct GuestClock {
    /// A time with one speed.
    private struct Stretch {
        var start = Duration.zero
        /// For how long the guest had run when it began.
        var ran = Duration.zero
        var speed = 1.0
    }

    private var stretches = [Stretch()]

    /// - Parameter decisions: in order. When they are of single vCPUs, the clock is the mean of those that any is about.
    init(_ decisions: [ThrottleDecision]) {
        var speeds = Dictionary(decisions.map { ($0.vcpu, 1.0) }) { first, _ in first }
        var total = Double(speeds.count)
        for decision in decisions {
            let before = speeds.updateValue(decision.to.guestSpeed, forKey: decision.vcpu) ?? 1
            total += decision.to.guestSpeed - before
            stretches.append(
                Stretch(start: decision.time, ran: ran(until: decision.time), speed: total / Double(speeds.count)))
        }
    }

    /// - Parameter time: since the migration started.
    func ran(until time: Duration) -> Duration {
        guard let stretch = stretches.last(where: { $0.start <= time }) else { return .zero }
        return stretch.ran + (time - stretch.start) * stretch.speed
    }
}
