/// A rate in bytes per second that can be written with a unit: `100MB/s`, `1.5Gbit/s`, `1000000`.
package struct ByteRate: RawRepresentable, Hashable, Sendable {
    /// Bytes per second.
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Parses a decimal number and an optional unit: B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s, TiB/s, or bit/s,
    /// kbit/s, Mbit/s, Gbit/s, Tbit/s. A part of a byte is dropped, if there is a whole one.
    package init(parsing text: String) throws(QuantityError) {
        rawValue = try Quantity.byteCount(
            parsing: text, units: Self.accepted,
            expected: "MB/s, GB/s, MiB/s, GiB/s, Mbit/s, Gbit/s and the like, or plain bytes a second")
    }

    /// Three significant digits in a decimal unit, for people: `1.25 GB/s`.
    package var rounded: String { Quantity.roundedText(rawValue, units: Self.decimal) }

    private static let decimal = [
        Quantity.Unit(name: "B/s", multiplier: 1),
        Quantity.Unit(name: "kB/s", multiplier: 1_000),
        Quantity.Unit(name: "MB/s", multiplier: 1_000_000),
        Quantity.Unit(name: "GB/s", multiplier: 1_000_000_000),
        Quantity.Unit(name: "TB/s", multiplier: 1_000_000_000_000),
    ]
    private static let binary = [
        Quantity.Unit(name: "KiB/s", multiplier: 1 << 10),
        Quantity.Unit(name: "MiB/s", multiplier: 1 << 20),
        Quantity.Unit(name: "GiB/s", multiplier: 1 << 30),
        Quantity.Unit(name: "TiB/s", multiplier: 1 << 40),
    ]
    private static let bits = [
        Quantity.Unit(name: "bit/s", multiplier: 1, divisor: 8),
        Quantity.Unit(name: "kbit/s", multiplier: 1_000, divisor: 8),
        Quantity.Unit(name: "Mbit/s", multiplier: 1_000_000, divisor: 8),
        Quantity.Unit(name: "Gbit/s", multiplier: 1_000_000_000, divisor: 8),
        Quantity.Unit(name: "Tbit/s", multiplier: 1_000_000_000_000, divisor: 8),
    ]
    private static let plain = Quantity.Unit(name: "", multiplier: 1)
    private static let printed = decimal + binary
    private static let accepted = [plain] + decimal + binary + bits + [Quantity.Unit(name: "KB/s", multiplier: 1_000)]
}

extension ByteRate: CustomStringConvertible {
    /// The shortest text that parses back to this very rate: `200MB/s`, `1GiB/s`.
    package var description: String { Quantity.exactText(rawValue, units: Self.printed) }
}
