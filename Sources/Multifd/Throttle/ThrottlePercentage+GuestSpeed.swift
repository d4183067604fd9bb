extension ThrottlePercentage {
    /// The share of its time that a vCPU is left with, 0.01...1.
    package var guestSpeed: Double { 1 - Double(rawValue) / 100 }
}
