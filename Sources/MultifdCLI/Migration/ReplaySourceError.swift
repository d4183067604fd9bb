import MultifdQEMU

/// Why a text names no recording.
enum ReplaySourceError: Error, Equatable {
    case noDirectory
    case invalidSpeed(String)
}

extension ReplaySourceError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    var description: String {
        switch self {
        case .noDirectory: "'replay:' names no directory: give replay:DIRECTORY, made with --record"
        case .invalidSpeed(let text):
            "'\(text)' is no speed of a replay: give a factor from \(ReplaySpeed.validFactors.lowerBound) to "
                + "\(Int(ReplaySpeed.validFactors.upperBound)), or sync for one recorded iteration at each sync"
        }
    }
}
