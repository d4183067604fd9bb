/// What `multifd-compression auto` decided, over all channels.
public struct CodecDecisionsInfo: Codable, Hashable, Sendable {
    /// Packets sent by each codec and level: `none`, `zstd:-5`, `zstd:1`, ...
    public var packets: [String: Int] = [:]
    /// Changes from one codec or level to another, packets with incompressible content apart. Each channel counts its own,
    /// so one change of all channels counts as many times as there are channels.
    public var changes = 0
    /// Packets sent as they were because their content looked incompressible.
    public var incompressible = 0

    /// Nothing decided.
    public init() {}

    static func += (total: inout CodecDecisionsInfo, part: CodecDecisionsInfo) {
        total.packets.merge(part.packets) { $0 + $1 }
        total.changes += part.changes
        total.incompressible += part.incompressible
    }
}
