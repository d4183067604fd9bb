/// A guest that plays what another one did, for as long as that was recorded.
package protocol RecordedGuest: Guest {
    /// When the recording was over, since its beginning. Nil as long as it is not, and of one that always comes to its end.
    var recordingEnd: Duration? { get }
}
