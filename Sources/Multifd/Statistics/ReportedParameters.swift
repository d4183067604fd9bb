/// Parameters as a report has them: all at a source, and at a destination no more than its source told it.
struct ReportedParameters: Hashable, Sendable {
    var parameters: MigrationParameters
    /// Whether those that are no matter of the destination's are not known: they have their defaults.
    var areAgreedOnly = false

    init(_ parameters: MigrationParameters, areAgreedOnly: Bool = false) {
        self.parameters = parameters
        self.areAgreedOnly = areAgreedOnly
    }
}

extension ReportedParameters: Codable {
    private typealias Keys = MigrationParameters.CodingKeys

    /// Reads all parameters, or those that a destination knows.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        // Any that a destination does not know will do.
        guard !container.contains(.downtimeLimit) else {
            self.init(try MigrationParameters(from: decoder))
            return
        }
        var parameters = MigrationParameters()
        parameters.multifdChannels = try container.decode(Int.self, forKey: .multifdChannels)
        parameters.multifdCompression = try container.decode(MultifdCompression.self, forKey: .multifdCompression)
        if let key = Self.levelKey(of: parameters) { parameters.level = try container.decode(Int.self, forKey: key) }
        parameters.verifyMemory = try container.decode(Bool.self, forKey: .verifyMemory)
        parameters.xbzrle = try container.decode(Bool.self, forKey: .xbzrle)
        self.init(parameters, areAgreedOnly: true)
    }

    /// Writes what is known.
    func encode(to encoder: any Encoder) throws {
        guard areAgreedOnly else { return try parameters.encode(to: encoder) }
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(parameters.multifdChannels, forKey: .multifdChannels)
        try container.encode(parameters.multifdCompression, forKey: .multifdCompression)
        if let key = Self.levelKey(of: parameters) { try container.encode(parameters.level, forKey: key) }
        try container.encode(parameters.verifyMemory, forKey: .verifyMemory)
        try container.encode(parameters.xbzrle, forKey: .xbzrle)
    }

    private static func levelKey(of parameters: MigrationParameters) -> Keys? {
        switch parameters.multifdCompression {
        case .none, .auto: nil
        case .zlib: .multifdZlibLevel
        case .zstd: .multifdZstdLevel
        }
    }
}
