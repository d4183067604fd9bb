/// A size in bytes that can be written with a unit: `512MiB`, `1.5GB`, `4096`.
package struct ByteCount: RawRepresentable, Hashable, Sendable {
    /// Bytes.
    package var rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Parses a decimal number and an optional unit: B, kB, MB, GB, TB, PB (powers of 1000) or KiB, MiB, GiB, TiB, PiB
    /// (powers of 1024). A part of a byte is dropped, if there is a whole one.
    package init(parsing text: String) throws(QuantityError) {
        rawValue = try Quantity.byteCount(
            parsing: text, units: Self.accepted,
            expected: "KiB, MiB, GiB, TiB, PiB, kB, MB, GB, TB, PB, or plain bytes")
    }

    /// Three significant digits in a binary unit, for people: `1.25 GiB`.
    package var rounded: String { Quantity.roundedText(rawValue, units: Self.binary) }

    private static let bytes = Quantity.Unit(name: "B", multiplier: 1)
    private static let binary = [
        bytes,
        Quantity.Unit(name: "KiB", multiplier: 1 << 10),
        Quantity.Unit(name: "MiB", multiplier: 1 << 20),
        Quantity.Unit(name: "GiB", multiplier: 1 << 30),
        Quantity.Unit(name: "TiB", multiplier: 1 << 40),
        Quantity.Unit(name: "PiB", multiplier: 1 << 50),
    ]
    private static let decimal = [
        Quantity.Unit(name: "kB", multiplier: 1_000),
        Quantity.Unit(name: "MB", multiplier: 1_000_000),
        Quantity.Unit(name: "GB", multiplier: 1_000_000_000),
        Quantity.Unit(name: "TB", multiplier: 1_000_000_000_000),
        Quantity.Unit(name: "PB", multiplier: 1_000_000_000_000_000),
    ]
    private static let plain = Quantity.Unit(name: "", multiplier: 1)
    private static let printed = [plain] + binary.dropFirst() + decimal
    private static let accepted = [plain] + binary + decimal + [Quantity.Unit(name: "KB", multiplier: 1_000)]
}

extension ByteCount: CustomStringConvertible {
    /// The shortest text that parses back to this very size: `2GiB`, `100MB`, `4097`.
    package var description: String { Quantity.exactText(rawValue, units: Self.printed) }
}
