/// Why a demo failed although the migration did not.
enum DemoError: Error {
    /// The destination process is gone; it has said why on standard error.
    case destinationEnded
    /// It said something out of turn.
    case unexpectedMessage(expected: String)
    /// The memory at switchover was not compared.
    case notVerified
    /// The migrated guest went on differently from one that was not migrated.
    case memoryDiffers(steps: [UInt64])
}

extension DemoError: CustomStringConvertible {
    var description: String {
        switch self {
        case .destinationEnded: "the destination process ended before its time: see its message above"
        case .unexpectedMessage(let expected): "the destination process did not say '\(expected)' when it was due"
        case .notVerified: "the two ends did not compare their memory at switchover: this is a defect"
        case .memoryDiffers(let steps):
            "after \(steps) steps the migrated guest's memory is not that of a guest that was never migrated: this is a "
                + "defect"
        }
    }
}
