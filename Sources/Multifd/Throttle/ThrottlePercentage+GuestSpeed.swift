extension ThrottlePercentage {
    /// The share of its time that a vCPU is left with, 0.01...1.
    package var guestSpeed: Double { 1 - Double(rawValue) / 100 }

    /// Kicked each 25 ms, asleep 50 ms each time: 50 of 75 ms.
    package static let legacy2013 = ThrottlePercentage(clamping: 67)
}
