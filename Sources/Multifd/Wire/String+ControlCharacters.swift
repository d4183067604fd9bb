extension String {
    /// Whether a terminal might take a part of it for a command.
    package var hasControlCharacters: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }

    /// Safe to print: control characters as a string literal has them, such as `\u{1B}`.
    package var escapingControlCharacters: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
