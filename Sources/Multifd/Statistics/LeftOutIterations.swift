/// The iterations that a report does not list: those between the first and the last of very many.
public struct LeftOutIterations: Codable, Hashable, Sendable {
    /// How many.
    public var count = 0
    /// Bytes sent.
    public var transferred = 0
    /// How long they took.
    @Milliseconds public var duration: Duration = .zero
    /// Bytes of RAM that the guest dirtied meanwhile.
    public var bytesDirtied = 0

    /// None.
    public init() {}

    mutating func add(_ iteration: IterationInfo) {
        count += 1
        transferred += iteration.transferred
        duration += iteration.duration
        bytesDirtied += iteration.bytesDirtied
    }

    private enum CodingKeys: String, CodingKey {
        case count
        case transferred
        case duration
        case bytesDirtied = "bytes-dirtied"
    }
}
