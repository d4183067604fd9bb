/// Something that QEMU reported by itself, such as `STOP` or `MIGRATION`.
public struct QMPEvent: Hashable, Sendable {
    /// The event's name in QEMU's schema.
    public var name: String
    /// What the schema says of the event, null when it has nothing to say.
    public var data: JSONValue
}
