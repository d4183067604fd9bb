/// Takes away a share of the CPU time of a guest that runs in another process: what ``Guest/setThrottle(_:)`` of such a
/// guest calls.
///
/// Everything is as it was before after ``release()``, at the latest when the actuator goes, and even when this process is
/// killed, by whatever signal: a child process, started before anything is changed, then undoes it within milliseconds. The
/// one limit: whoever kills that child too, as ending a whole cgroup or container does, has to undo it himself.
public protocol ThrottleActuator: AnyObject, Sendable {
    /// Slows the guest, or lets it run with ``ThrottlePercentage/off``. Does nothing after ``release()``.
    ///
    /// - Throws: ``ActuatorError`` when the guest has gone, or could not be slowed.
    func setThrottle(_ percentage: ThrottlePercentage) throws(ActuatorError)

    /// Undoes everything, exactly. Further calls do nothing.
    ///
    /// - Throws: ``ActuatorError`` when the throttle could not be taken off. Then it may be called again.
    func release() throws(ActuatorError)
}
