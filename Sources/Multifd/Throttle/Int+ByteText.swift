extension Int {
    /// A byte count for people, with three figures: `214 MB`, `1.61 GB`. Decimal units.
    package var byteText: String {
        var value = Double(self)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return "\(value.threeFigures) \(units[unit])"
    }
}

extension Double {
    /// Rounded to three significant figures, but to no less than a millionth, without trailing zeros: `0.0213`, `0.5`, `1.61`,
    /// `93.8`, `214`.
    package var threeFigures: String {
        guard abs(self) < 1e15 else { return "\(self)" }
        var (scale, decimals) = (1.0, 0)
        while abs(self) * scale < 99.95, decimals < 6 { (scale, decimals) = (scale * 10, decimals + 1) }
        let units = Int((self * scale).rounded())
        // By hand: Swift writes less than 0.0001 with an exponent.
        var digits = "\(units.magnitude)"
        digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        var fraction = digits.suffix(decimals)
        while fraction.last == "0" { fraction.removeLast() }
        let whole = "\(units < 0 ? "-" : "")\(digits.dropLast(decimals))"
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }
}
