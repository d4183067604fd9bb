import ArgumentParser
import Multifd

/// One of a parameter's words. Any text parses, so that a wrong one is refused in the field's wording.
struct Choice<Value: RawRepresentable & CaseIterable>: ExpressibleByArgument where Value.RawValue == String {
    let text: String

    init(_ value: Value) { text = value.rawValue }

    init?(argument: String) { text = argument }

    static var allValueStrings: [String] { Value.allCases.map(\.rawValue) }
    var defaultValueDescription: String { text }

    /// - Parameter name: the parameter's, for the error.
    func value(of name: String) throws(ParameterError) -> Value {
        guard let value = Value(rawValue: text) else {
            throw .unknownValue(name: name, accepted: Self.allValueStrings, found: text)
        }
        return value
    }
}
