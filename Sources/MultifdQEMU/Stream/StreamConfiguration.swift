import Multifd

/// The configuration section, which tells what the destination must be like.
///
/// ```
/// u8 7, be32 n, n bytes: machine type
/// { u8 5, str8 name, be32 version (1), fields }*      each of these at most once:
///     configuration/target-page-bits   be32
///     configuration/capabilities       be32 count, count × str8
///     configuration/uuid               16 bytes
/// ```
package struct StreamConfiguration: Equatable, Sendable {
    /// The resolved machine type, such as `pc-i440fx-10.0`.
    package var machine = ""
    package var capabilities: [String] = []
    package var uuid: [UInt8]?
    /// The section as it came: a destination must get the same.
    package var bytes: [UInt8] = []

    package init() {}

    /// RAM that the destination has anyway is announced but not sent.
    var ignoresSharedMemory: Bool { capabilities.contains("x-ignore-shared") }

    private static let maximumCapabilityCount = 64

    /// Decodes the section at a cursor. Nil when not all of it, and the byte after it, has come.
    static func decode(_ cursor: inout StreamCursor) throws(StreamError) -> StreamConfiguration? {
        let start = cursor.offset
        guard let type = cursor.integer(UInt8.self) else { return nil }
        guard type == QEMUStream.SectionType.configuration else { throw .noConfiguration(found: type) }
        guard let count = cursor.integer(UInt32.self) else { return nil }
        guard (1...255).contains(count) else {
            throw .configuration("a machine type of", found: "\(count) bytes")
        }
        guard let name = cursor.bytes(Int(count)) else { return nil }
        var configuration = StreamConfiguration()
        configuration.machine = try text(name, "the machine type")
        var seen: Set<String> = []
        while let next = cursor.peek {
            guard next == QEMUStream.SectionType.subsection else {
                configuration.bytes = Array(cursor.consumed[start...])
                return configuration
            }
            guard let name = try decodeSubsection(&cursor, into: &configuration) else { return nil }
            guard seen.insert(name).inserted else { throw .configuration("twice the part", found: "'\(name)'") }
        }
        return nil
    }

    private static func decodeSubsection(
        _ cursor: inout StreamCursor, into configuration: inout StreamConfiguration
    ) throws(StreamError) -> String? {
        guard cursor.integer(UInt8.self) != nil, let bytes = cursor.string() else { return nil }
        let name = try text(bytes, "the name of a part")
        guard let version = cursor.integer(UInt32.self) else { return nil }
        guard version == 1 else { throw .configuration("the part '\(name)' in version", found: "\(version)") }
        switch name {
        case "configuration/target-page-bits":
            guard let bits = cursor.integer(UInt32.self) else { return nil }
            guard bits == Page.shift else { throw .configuration("pages of 2 to the power of", found: "\(bits) bytes") }
        case "configuration/capabilities":
            guard let count = cursor.integer(UInt32.self) else { return nil }
            guard count <= maximumCapabilityCount else {
                throw .configuration("too many capabilities:", found: "\(count)")
            }
            for _ in 0..<count {
                guard let bytes = cursor.string() else { return nil }
                let capability = try text(bytes, "a capability")
                guard capability == "x-ignore-shared" else { throw .capability(capability) }
                configuration.capabilities.append(capability)
            }
        case "configuration/uuid":
            guard let uuid = cursor.bytes(16) else { return nil }
            configuration.uuid = uuid
        default:
            // Its length is unknown, so nothing behind it could be read.
            throw .configuration("a part called", found: "'\(name)'")
        }
        return name
    }

    private static func text(_ bytes: [UInt8], _ what: String) throws(StreamError) -> String {
        guard !bytes.isEmpty, bytes.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
            throw .configuration("as \(what)", found: "no printable text")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
