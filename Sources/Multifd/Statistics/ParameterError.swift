/// Why a migration parameter was refused. Names are in QEMU's spelling.
public enum ParameterError: Error, Equatable {
    /// A number outside its range.
    case outOfRange(name: String, valid: ClosedRange<Int>, found: Int)
    /// A number below the least that makes sense.
    case belowMinimum(name: String, minimum: Int, found: Int)
    /// A size that must be a power of two, in bytes.
    case notPowerOfTwo(name: String, minimum: Int, found: Int)
    /// A word that is none of those accepted.
    case unknownValue(name: String, accepted: [String], found: String)
    /// A change of what is fixed when a migration is set up.
    case fixed(name: String)
}

extension ParameterError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    public var description: String {
        switch self {
        case .outOfRange(let name, let valid, let found):
            "Parameter '\(name)' expects a value between \(valid.lowerBound) and \(valid.upperBound), not \(found)"
        case .belowMinimum(let name, let minimum, let found):
            "Parameter '\(name)' expects a value of at least \(minimum), not \(found)"
        case .notPowerOfTwo(let name, let minimum, let found):
            "Parameter '\(name)' expects a power of two of at least \(minimum) bytes, not \(found)"
        case .unknownValue(let name, let accepted, let found):
            "Parameter '\(name)' does not accept value '\(found)': it accepts \(accepted.joined(separator: ", "))"
        case .fixed(let name):
            "Parameter '\(name)' is fixed when a migration is set up: cancel the migration to start it with another value"
        }
    }
}
