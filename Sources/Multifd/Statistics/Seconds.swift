/// Writes a duration into a document as a number of seconds, to the millisecond.
@propertyWrapper
struct Seconds: Hashable, Sendable {
    /// The duration, exact.
    var wrappedValue: Duration

    /// Wraps a duration.
    init(wrappedValue: Duration) {
        self.wrappedValue = wrappedValue
    }
}

extension Seconds: Codable {
    /// Reads a number of seconds. Throws a `DecodingError` for one of 30,000 years or more.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let value = try container.decode(Double.self)
        guard abs(value) < 1e12 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no migration takes \(value) seconds")
        }
        wrappedValue = .seconds(value)
    }

    /// Writes seconds with at most three decimals.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode((wrappedValue / .milliseconds(1)).rounded() / 1000)
    }
}
