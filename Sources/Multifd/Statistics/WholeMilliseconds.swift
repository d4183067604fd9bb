/// Writes a duration into a document as a whole number of milliseconds, as QEMU's own fields are, rounded up: a downtime is
/// never told shorter than it was.
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
    /// Reads a whole number of milliseconds. Throws a `DecodingError` for one of 30,000 years or more.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(Int64.self)
        guard value.magnitude < 1_000_000_000_000_000 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no migration takes \(value) milliseconds")
        }
        wrappedValue = .milliseconds(value)
    }

    /// Writes a whole number of milliseconds, rounded up.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue.millisecondsRoundedUp)
    }
}
