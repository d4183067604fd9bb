/// Why an ``OwnTarget`` takes no guest in. The source is told.
enum OwnTargetError: Error, Equatable {
    /// The guest has another configuration.
    case otherMachine(String)
    /// The device state is not what an ``OwnGuest`` saves.
    case notANumber(String)
}

extension OwnTargetError: CustomStringConvertible {
    var description: String {
        switch self {
        case .otherMachine(let found): "a counting machine was expected, and '\(found)' came"
        case .notANumber(let found): "a number of steps was expected as device state, and '\(found)' came"
        }
    }
}
