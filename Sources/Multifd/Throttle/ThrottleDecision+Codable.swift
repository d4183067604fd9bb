extension ThrottleDecision: Codable {
    private enum CodingKeys: String, CodingKey {
        case time
        case bytesDirtied = "bytes-dirtied"
        case bytesTransferred = "bytes-transferred"
        case trigger, from, to, reason, vcpu
    }

    /// Writes `time` in whole milliseconds and the throttle in %.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(time.wholeMilliseconds, forKey: .time)
        try container.encode(bytesDirtied, forKey: .bytesDirtied)
        try container.encode(bytesTransferred, forKey: .bytesTransferred)
        try container.encode(trigger, forKey: .trigger)
        try container.encode(from.rawValue, forKey: .from)
        try container.encode(to.rawValue, forKey: .to)
        try container.encode(reason, forKey: .reason)
        try container.encodeIfPresent(vcpu, forKey: .vcpu)
    }

    /// Throws a `DecodingError` when a member is missing or a throttle is not in 0...99.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func percentage(_ key: CodingKeys) throws -> ThrottlePercentage {
            let value = try container.decode(Int.self, forKey: key)
            guard let percentage = ThrottlePercentage(rawValue: value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "a throttle is 0 to 99 %, not \(value)")
            }
            return percentage
        }
        self.init(
            time: .milliseconds(try container.decode(Int.self, forKey: .time)),
            bytesDirtied: try container.decode(Int.self, forKey: .bytesDirtied),
            bytesTransferred: try container.decode(Int.self, forKey: .bytesTransferred),
            trigger: try container.decode(Trigger.self, forKey: .trigger), from: try percentage(.from),
            to: try percentage(.to), reason: try container.decode(String.self, forKey: .reason),
            vcpu: try container.decodeIfPresent(Int.self, forKey: .vcpu))
    }
}
