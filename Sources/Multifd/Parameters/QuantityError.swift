/// Why a text is not a size or a rate.
package enum QuantityError: Error, Equatable {
    /// The text does not start with a decimal number such as `2` or `1.5`.
    case noNumber(String)
    /// What follows the number is no unit; `expected` lists those there are.
    case unknownUnit(String, in: String, expected: String)
    /// More than 18 digits behind the point, or 19 in all.
    case tooManyDigits(String)
    /// More than 2^63 - 1 bytes.
    case tooLarge(String)
    /// Less than a byte, and not 0.
    case tooSmall(String)
}

extension QuantityError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    package var description: String {
        switch self {
        case .noNumber(let text):
            "'\(text)' does not start with a decimal number such as 2 or 1.5"
        case .unknownUnit(let unit, let text, let expected):
            "'\(unit)' in '\(text)' is no unit: give \(expected)"
        case .tooManyDigits(let text):
            "'\(text)' has too many digits behind the point: round it"
        case .tooLarge(let text):
            "'\(text)' is more than 2^63 - 1 bytes"
        case .tooSmall(let text):
            "'\(text)' is less than a byte: give at least one, or 0"
        }
    }
}
