/// Makes observations out of what is seen of a throttled guest.
///
/// A throttled vCPU runs in slices: in a time of less than two of them it may have run all the while, or slept. Several
/// such glimpses tell what one does not: together they are one observation of their mean.
package struct WriteGlimpses {
    private static let shortest = ThrottleSlice.running * 2

    private var throttle = ThrottlePercentage.off
    private var count = 0
    private var guestTime = Duration.zero
    private var bytesWritten = 0

    package init() {}

    /// Adds what was seen under a throttle.
    ///
    /// - Returns: what it tells, nil as long as that is too little.
    package mutating func add(_ write: WriteObservation, at throttle: ThrottlePercentage) -> WriteObservation? {
        guard write.guestTime < write.duration, write.guestTime < Self.shortest else { return write }
        if throttle != self.throttle { begin(at: throttle) }
        count += 1
        guestTime += write.guestTime
        bytesWritten += write.bytesWritten
        guard guestTime >= Self.shortest else { return nil }
        defer { begin(at: throttle) }
        return WriteObservation(
            duration: guestTime / count, guestTime: guestTime / count, bytesWritten: bytesWritten / count)
    }

    private mutating func begin(at throttle: ThrottlePercentage) {
        self = WriteGlimpses()
        self.throttle = throttle
    }
}
