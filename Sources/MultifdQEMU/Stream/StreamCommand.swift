/// A command that concerns the receiver.
package enum StreamCommand: Equatable {
    /// From here on the source reads what is sent back.
    case openReturnPath
    /// To be answered with the same number.
    case ping(UInt32)
    /// The guest is paused.
    case switchoverStart
}
