/// Writes a duration into a document as a whole number of milliseconds, as QEMU's own fields are. A begun millisecond
/// counts as one: a downtime is never told shorter than it was.
@propertyWrapper
public struct WholeMilliseconds: Hashable, Sendable {
    /// The duration, exact.
    public var wrappedValue: Duration

    /// Wraps a duration.
    public init(wrappedValue: Duration) {
        self.wrappedValue = wrappedValue
    }
}

extension WholeMilliseconds: Codable {
    /// Reads a whole number of milliseconds.
    public init(from decoder: any Decoder) throws {
        wrappedValue = .milliseconds(try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Writes a whole number of milliseconds, rounded up.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.millisecondsRoundedUp)
    }
}
