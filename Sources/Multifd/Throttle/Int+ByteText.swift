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
    /// Rounded to three significant figures, without trailing zeros: `0.5`, `1.61`, `93.8`, `214`.
    package var threeFigures: String {
        let scale: Double = abs(self) >= 99.95 ? 1 : abs(self) >= 9.995 ? 10 : 100
        let rounded = (self * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
    }
}
