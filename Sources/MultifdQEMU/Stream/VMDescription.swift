import FoundationEssentials
import Multifd

/// What a source says about its device state, behind it: names and sizes of all fields, as JSON. With it the opaque
/// sections can be told apart.
package struct VMDescription: Decodable, Sendable {
    package struct Device: Decodable, Sendable {
        var name: String
        var instance: UInt32
        var type: String?
        var fields: [Field]?
        var subsections: [Subsection]?

        private enum CodingKeys: String, CodingKey {
            case name
            case instance = "instance_id"
            case type = "vmsd_name"
            case fields
            case subsections
        }
    }

    struct Field: Decodable, Sendable {
        var size: Int
        var count: Int?

        private enum CodingKeys: String, CodingKey {
            case size
            case count = "array_len"
        }
    }

    struct Subsection: Decodable, Sendable {
        var name: String
        var fields: [Field]?
        var subsections: [Subsection]?

        private enum CodingKeys: String, CodingKey {
            case name = "vmsd_name"
            case fields
            case subsections
        }
    }

    package var devices: [Device]
    /// Newer sources describe the configuration section as well.
    package var describesConfiguration = false

    private enum CodingKeys: String, CodingKey {
        case devices
        case configuration
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        devices = try container.decode([Device].self, forKey: .devices)
        describesConfiguration = container.contains(.configuration)
    }
}

extension VMDescription {
    /// Walks the sections of device state and finds where each ends.
    ///
    /// - Parameter bytes: early sections, then the device state up to its end mark, exclusive.
    /// - Throws: ``StreamError/description(_:)`` unless the sections are the described ones, byte for byte to the end.
    package func sections(of bytes: [UInt8]) throws(StreamError) -> [DeviceSection] {
        var reader = MessageReader("the device state", bytes)
        do throws(WireError) {
            var sections: [DeviceSection] = []
            for device in devices { sections.append(try section(of: device, &reader)) }
            try reader.finish()
            return sections
        } catch {
            throw .description("\(error)")
        }
    }

    private func section(of device: Device, _ reader: inout MessageReader) throws(WireError) -> DeviceSection {
        func require(_ condition: Bool, _ field: String, _ expected: String, _ found: String) throws(WireError) {
            guard condition else {
                throw .field(what: "the section of '\(device.name)'", field: field, expected: expected, found: found)
            }
        }
        let type: UInt8 = try reader.integer()
        try require(
            type == QEMUStream.SectionType.full, "its type", "\(QEMUStream.SectionType.full)", "\(type)")
        let id: UInt32 = try reader.integer()
        let nameByteCount: UInt8 = try reader.integer()
        let name = Array(try reader.raw(Int(nameByteCount)))
        try require(name == Array(device.name.utf8), "its name", device.name, QEMUStream.printable(name))
        let instance: UInt32 = try reader.integer()
        try require(instance == device.instance, "its instance", "\(device.instance)", "\(instance)")
        let version: UInt32 = try reader.integer()
        guard let byteCount = Self.byteCount(device.fields, device.subsections) else {
            throw .field(what: "the VM description", field: "a size", expected: "a sensible number", found: "another")
        }
        _ = try reader.raw(byteCount)
        let footer: UInt8 = try reader.integer()
        let footerID: UInt32 = try reader.integer()
        try require(footer == QEMUStream.footer && footerID == id, "its footer", "\(id)", "\(footerID)")
        return DeviceSection(name: device.name, instance: Int(instance), version: Int(version), size: byteCount)
    }

    /// Bytes of a structure; nil when they do not add up to a number. What is nested in a field counts in the field.
    private static func byteCount(_ fields: [Field]?, _ subsections: [Subsection]?) -> Int? {
        var sum = 0
        func add(_ value: Int?, times count: Int = 1) -> Bool {
            guard let value, value >= 0, count >= 0 else { return false }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: count)
            guard !isTooLarge, product <= DeviceStateTail.maximumByteCount - sum else { return false }
            sum += product
            return true
        }
        for field in fields ?? [] where !add(field.size, times: field.count ?? 1) { return nil }
        for subsection in subsections ?? [] {
            guard add(2 + subsection.name.utf8.count + 4), add(byteCount(subsection.fields, subsection.subsections))
            else { return nil }
        }
        return sum
    }
}
