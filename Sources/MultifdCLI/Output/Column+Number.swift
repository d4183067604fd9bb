import TextTable

extension Column {
    /// A column of numbers, which end below each other.
    static func number(_ title: String, _ value: some CustomStringConvertible) -> Column {
        Column(title: title, value: value.description, align: .right)
    }
}
