/// A target that keeps what came when.
package protocol RecordingTarget: MigrationTarget {
    /// Nil when it is not to, or not prepared yet.
    var recorder: (any PageRecorder)? { get }
}
