import MultifdQEMU

/// `replay:DIRECTORY[,speed=FACTOR|sync]` on the command line.
struct ReplaySource: Equatable {
    let path: String
    let speed: ReplaySpeed

    static let prefix = "replay:"
    private static let option = ",speed="

    init(parsing text: String) throws(ReplaySourceError) {
        var rest = text.dropFirst(Self.prefix.count)
        var speed = ReplaySpeed.original
        if let range = rest.ranges(of: Self.option).last {
            speed = try Self.speed(parsing: rest[range.upperBound...])
            rest = rest[..<range.lowerBound]
        }
        guard !rest.isEmpty else { throw .noDirectory }
        path = String(rest)
        self.speed = speed
    }

    private static func speed(parsing text: Substring) throws(ReplaySourceError) -> ReplaySpeed {
        if text == "sync" { return .synced }
        guard let factor = Double(text), ReplaySpeed.validFactors.contains(factor) else {
            throw .invalidSpeed(String(text))
        }
        return .times(factor)
    }
}

extension ReplaySource: CustomStringConvertible {
    var description: String {
        switch speed {
        case .original: Self.prefix + path
        case .times(let factor): Self.prefix + path + Self.option + "\(factor)"
        case .synced: Self.prefix + path + Self.option + "sync"
        }
    }
}
