/// Writes a duration into a document as a number of seconds, to the millisecond.
@propertyWrapper
public struct Seconds: Hashable, Sendable {
    /// The duration, exact.
    public var wrappedValue: Duration

    /// Wraps a duration.
    public init(wrappedValue: Duration) {
        self.wrappedValue = wrappedValue
    }
}

extension Seconds: Codable {
    /// Reads a number of seconds.
    public init(from decoder: any Decoder) throws {
        wrappedValue = .seconds(try decoder.singleValueContainer().decode(Double.self))
    }

    /// Writes seconds with at most three decimals.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode((wrappedValue / .milliseconds(1)).rounded() / 1000)
    }
}
