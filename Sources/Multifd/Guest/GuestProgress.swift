/// How far a guest has come: two of these tell its speed.
public struct GuestProgress: Hashable, Sendable {
    /// Steps that each vCPU has executed; what a step is, is the guest's affair.
    public var steps: [UInt64]
    /// For how long the guest has run, throttled or not, pauses left out.
    public var runningTime: Duration

    /// Steps by vCPU, and the time in which they were executed.
    public init(steps: [UInt64], runningTime: Duration) {
        self.steps = steps
        self.runningTime = runningTime
    }

    /// Steps a second between two moments, over all vCPUs; nil when they are too close to tell, less than 50 ms.
    func stepsPerSecond(since earlier: GuestProgress) -> Double? {
        let time = runningTime - earlier.runningTime
        guard time >= .milliseconds(50), steps.count == earlier.steps.count else { return nil }
        let count = zip(steps, earlier.steps).reduce(0.0) { $0 + Double($1.0) - Double($1.1) }
        return count / time.seconds
    }
}
