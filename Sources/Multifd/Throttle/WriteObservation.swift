/// What one sync tells of the guest's writes: how many different pages it wrote since the sync before.
package struct WriteObservation: Hashable, Sendable, Codable {
    /// Time since the sync before.
    @Milliseconds package var duration: Duration
    /// The part of ``duration`` that the guest ran for: what the throttle left.
    @Milliseconds package var guestTime: Duration
    /// Bytes of all pages found written, whether they were to be sent already or not.
    package var bytesWritten: Int

    package init(duration: Duration, guestTime: Duration, bytesWritten: Int) {
        self.duration = duration
        self.guestTime = guestTime
        self.bytesWritten = bytesWritten
    }

    private enum CodingKeys: String, CodingKey {
        case duration
        case guestTime = "guest-time"
        case bytesWritten = "bytes-written"
    }
}
