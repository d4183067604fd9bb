import MultifdQEMU
import Testing

@Suite struct DeviceStateTests {
    private static func deviceState(_ data: [UInt8] = [1, 2, 3, 4, 5]) -> [UInt8] {
        var stream = StreamBytes()
        stream.deviceState(data)
        return stream.bytes
    }

    @Test func `a whole device state ends with its description`() throws {
        let bytes = Self.deviceState()
        let tail = try #require(DeviceStateTail(of: bytes))
        let sections = try #require(try tail.description).sections(of: Array(bytes[..<tail.endMark]))
        #expect(sections == [DeviceSection(name: "timer", instance: 0, version: 2, size: 5)])
    }

    @Test func `a device state that is cut anywhere has no end`() {
        let bytes = Self.deviceState()
        for end in 0..<bytes.count { #expect(DeviceStateTail(of: Array(bytes[..<end])) == nil) }
    }

    /// Devices hold bytes that the guest has chosen: it may try to look like the end of the stream.
    @Test func `an end that a guest forged does not pass the walk`() throws {
        var forged = StreamBytes()
        forged.append(UInt8(0))
        forged.append(UInt8(6))
        let json = StreamBytes.description(byteCount: 5)
        forged.append(UInt32(json.count))
        forged.append(json)
        var stream = StreamBytes()
        stream.deviceSection(forged.bytes)
        // Cut right behind the forged end.
        let cut = Array(stream.bytes.dropLast(5))
        let tail = try #require(DeviceStateTail(of: cut))
        #expect(throws: StreamError.self) {
            try tail.description?.sections(of: Array(cut[..<tail.endMark]))
        }
    }

    @Test func `sections are walked to the last byte`() throws {
        let bytes = Self.deviceState()
        let tail = try #require(DeviceStateTail(of: bytes))
        let description = try #require(try tail.description)
        let sections = Array(bytes[..<tail.endMark])
        #expect(throws: StreamError.self) { try description.sections(of: Array(sections.dropLast())) }
        #expect(throws: StreamError.self) { try description.sections(of: sections + [0]) }
        for index in sections.indices where !(22..<27).contains(index) && !(15..<22).contains(index) {
            var damaged = sections
            damaged[index] ^= 1
            #expect(throws: StreamError.self, "byte \(index)") { try description.sections(of: damaged) }
        }
    }

    @Test(arguments: ["-1", "9223372036854775807", "1e300", "4611686018427387904"])
    func `senseless sizes are refused`(size: String) {
        let json = Array(
            #"{"devices":[{"name":"timer","instance_id":0,"fields":[{"size":\#(size),"array_len":4}]}]}"#.utf8)
        var stream = StreamBytes()
        stream.deviceSection([1])
        let sections = stream.bytes
        stream.append([0, 6])
        stream.append(UInt32(json.count))
        stream.append(json)
        let tail = DeviceStateTail(of: stream.bytes)
        #expect(throws: StreamError.self) { try tail?.description?.sections(of: sections) }
    }

    @Test func `a description far larger than any is not decoded`() {
        var json = StreamBytes.description(byteCount: 1)
        json += [UInt8](repeating: UInt8(ascii: " "), count: 8 << 20)
        var stream = StreamBytes()
        stream.append([0, 6])
        stream.append(UInt32(json.count))
        stream.append(json)
        let tail = DeviceStateTail(of: stream.bytes)
        #expect { try tail?.description } throws: { "\($0)".contains("at most 8388608 are expected") }
    }

    @Test func `nesting without end is refused`() {
        let depth = 100_000
        let json =
            Array("{\"devices\":[{\"name\":\"a\",\"instance_id\":0,\"x\":".utf8)
            + [UInt8](repeating: UInt8(ascii: "["), count: depth)
        var stream = StreamBytes()
        stream.append([0, 6])
        stream.append(UInt32(json.count))
        stream.append(json)
        let tail = DeviceStateTail(of: stream.bytes)
        #expect(throws: StreamError.self) { try tail?.description }
    }
}
