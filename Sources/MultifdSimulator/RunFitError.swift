package import Multifd

/// Why a report cannot be fitted.
package enum RunFitError: Error, Equatable, CustomStringConvertible {
    case noParameters
    case noIteration
    /// A number that no migration has.
    case implausible(name: String)
    /// A parameter that no migration had.
    case parameters(ParameterError)
    /// Deltas are asked for, and the run had none.
    case noDeltas

    package var description: String {
        switch self {
        case .noParameters:
            "the report has no 'parameters': give what `multifd send --json` printed"
        case .noIteration:
            "the report has no iteration with the guest running: give what `multifd send --json` printed of a live guest, "
                + "and of a migration that got so far"
        case .implausible(let name):
            "the report's '\(name)' is not what a migration has: give what `multifd send --json` printed"
        case .parameters(let error):
            "the report is not what `multifd send --json` printed: \(error)"
        case .noDeltas:
            "the run sent no deltas, and nothing else tells what they would have of a page: give --changed-share too"
        }
    }
}
