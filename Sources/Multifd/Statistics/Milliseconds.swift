/// Writes a duration into a document as a number of milliseconds, to the microsecond.
@propertyWrapper
public struct Milliseconds: Hashable, Sendable {
    /// The duration, exact.
    public var wrappedValue: Duration

    /// Wraps a duration.
    public init(wrappedValue: Duration) {
        self.wrappedValue = wrappedValue
    }
}

extension Milliseconds: Codable {
    /// Reads a number of milliseconds.
    public init(from decoder: any Decoder) throws {
        wrappedValue = .milliseconds(try decoder.singleValueContainer().decode(Double.self))
    }

    /// Writes milliseconds with at most three decimals.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        // Divided last: the nearest double to a decimal with three places prints as those three places.
        try container.encode((wrappedValue / .microseconds(1)).rounded() / 1000)
    }
}
