extension ThrottlePercentage {
    /// The share of its time that a vCPU is left with, 0.01...1.
    package var guestSpeed: Double { 1 - Double(rawValue) / 100 }

    /// How long a vCPU sleeps after each slice of running: `slice × p / (1 − p)`.
    package func sleep(after slice: Duration) -> Duration {
        slice * rawValue / (100 - rawValue)
    }

    /// The slice of running between two sleeps.
    package static let slice: Duration = .milliseconds(10)

    /// Kicked each 25 ms, asleep 50 ms each time: 50 of 75 ms.
    package static let legacy2013 = ThrottlePercentage(clamping: 67)
}
