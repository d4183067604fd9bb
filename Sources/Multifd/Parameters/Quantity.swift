/// A decimal number followed by a unit: what sizes and rates have in common.
struct Quantity {
    /// A unit and how many bytes it is: `multiplier` / `divisor`, because a bit is an eighth of one.
    struct Unit {
        let name: String
        let multiplier: Int
        var divisor = 1
    }

    /// Parses `text` and rounds down to whole bytes. Exact: no floating point, so that `0.1GB` is 100000000. What is not 0
    /// does not become it, because 0 often means something else, such as no limit.
    static func byteCount(
        parsing text: String, units: [Unit], expected: @autoclosure () -> String
    ) throws(QuantityError) -> Int {
        let number = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first, !whole.isEmpty, parts.last?.isEmpty == false
        else { throw .noNumber(text) }
        let fraction = parts.count == 2 ? parts[1] : ""

        let name = text.dropFirst(number.count).drop { $0 == " " }
        guard let unit = units.first(where: { $0.name == name }) else {
            throw .unknownUnit(String(name), in: text, expected: expected())
        }
        // No more, so that eight times the scale is an Int.
        guard fraction.count <= 18 else { throw .tooManyDigits(text) }
        let scale = fraction.reduce(1) { scale, _ in scale * 10 }
        guard let digits = Int(whole + fraction) else {
            throw Int(whole) == nil ? .tooLarge(text) : .tooManyDigits(text)
        }
        let divisor = scale * unit.divisor
        let product = digits.multipliedFullWidth(by: unit.multiplier)
        // A quotient fits when the high half is below the divisor, halved because the quotient is signed.
        guard product.high < divisor / 2 || product.high == 0 else { throw .tooLarge(text) }
        let quotient = UInt(divisor).dividingFullWidth((UInt(product.high), UInt(product.low))).quotient
        guard let result = Int(exactly: quotient) else { throw .tooLarge(text) }
        guard result > 0 || digits == 0 else { throw .tooSmall(text) }
        return result
    }

    /// The shortest text of number and unit that parses back to exactly `byteCount`.
    static func exactText(_ byteCount: Int, units: [Unit]) -> String {
        units
            .filter { $0.divisor == 1 && byteCount % $0.multiplier == 0 && (byteCount != 0 || $0.multiplier == 1) }
            .map { "\(byteCount / $0.multiplier)\($0.name)" }
            .min { $0.count < $1.count } ?? "\(byteCount)"
    }

    /// Three significant digits and the largest of `units` (ascending) that leaves at least one before the point.
    static func roundedText(_ byteCount: Int, units: [Unit]) -> String {
        let unit = units.last { byteCount >= $0.multiplier } ?? units[0]
        let value = Double(byteCount) / Double(unit.multiplier)
        guard unit.multiplier > 1, value < 99.95 else { return "\(Int(value.rounded())) \(unit.name)" }
        let scale = value < 9.995 ? 100 : 10
        let scaled = Int((value * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: (scale == 100 ? 2 : 1) - fraction.count)
        return "\(scaled / scale).\(zeros)\(fraction) \(unit.name)"
    }
}
