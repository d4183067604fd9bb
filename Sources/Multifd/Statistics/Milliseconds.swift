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
    /// Reads a number of milliseconds. Throws a `DecodingError` for one of 30,000 years or more.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(Double.self)
        guard abs(value) < 1e15 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no migration takes \(value) milliseconds")
        }
        wrappedValue = .milliseconds(value)
    }

    /// Writes milliseconds with at most three decimals.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        // Divided last: the nearest double to a decimal with three places prints as those three places.
        try container.encode((wrappedValue / .microseconds(1)).rounded() / 1000)
    }
}
