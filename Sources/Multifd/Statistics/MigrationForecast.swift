/// When a migration will have moved the guest, as far as the last period tells.
public enum MigrationForecast: Hashable, Sendable {
    /// It completes after this time, if nothing changes.
    case arrival(in: Duration)
    /// It does not converge: the guest dirties at least as many bytes of RAM a second as are dealt with.
    case diverging(dirtied: Int, sent: Int)
    /// Nothing was sent lately.
    case stalled
}

extension MigrationForecast: CustomStringConvertible {
    /// The time that is left, or why it is not known.
    public var description: String {
        switch self {
        case .arrival(let time):
            "ETA \(time.seconds < 10 ? "\((time.seconds * 10).rounded() / 10)" : "\(Int(time.seconds.rounded()))") s"
        case .diverging(let dirtied, let sent):
            "no ETA: the guest dirties \(ByteRate(rawValue: dirtied).rounded), \(ByteRate(rawValue: sent).rounded) are sent"
        case .stalled:
            "no ETA: nothing was sent lately"
        }
    }
}
