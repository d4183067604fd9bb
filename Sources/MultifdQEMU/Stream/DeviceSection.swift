/// A device's part of the device state.
public struct DeviceSection: Codable, Hashable, Sendable {
    /// The device's path and kind, such as `0000:00:03.0/e1000`.
    public var name: String
    /// Tells devices of one name apart.
    public var instance: Int
    /// The version of the device's format.
    public var version: Int
    /// Bytes, without the section's header and footer.
    public var size: Int

    /// A section by name, instance, version, and size in bytes.
    public init(name: String, instance: Int, version: Int, size: Int) {
        self.name = name
        self.instance = instance
        self.version = version
        self.size = size
    }
}
