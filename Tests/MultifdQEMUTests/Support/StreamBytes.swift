import Multifd
import MultifdQEMU

/// Writes main streams as a QEMU would.
struct StreamBytes {
    var bytes: [UInt8] = []

    mutating func append(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
    mutating func append(_ more: [UInt8]) { bytes += more }
    mutating func append(name: String) {
        bytes.append(UInt8(name.utf8.count))
        bytes += Array(name.utf8)
    }

    mutating func begin(machine: String = "pc-i440fx-10.0") {
        append(QEMUStream.magic)
        append(UInt32(3))
        append(UInt8(7))
        append(UInt32(machine.utf8.count))
        append(Array(machine.utf8))
    }

    /// Announces a guest with one RAMBlock, "m", whose pages come next.
    ///
    /// - Parameters:
    ///   - returnPath: whether the source waits for an answer.
    ///   - barrier: whether channels meet by round, for the first time here.
    static func guest(
        pages: Int = 1, machine: String = "pc-i440fx-10.0", returnPath: Bool = false, barrier: Bool = false
    ) -> StreamBytes {
        var stream = StreamBytes()
        stream.begin(machine: machine)
        if returnPath { stream.command(1) }
        stream.startRAM([("m", pages << 12)])
        if barrier { stream.barrier() }
        stream.endSection()
        return stream
    }

    mutating func command(_ number: UInt16, _ body: [UInt8] = []) {
        append(UInt8(8))
        append(number)
        append(UInt16(body.count))
        append(body)
    }

    mutating func startRAM(id: UInt32 = 2, _ blocks: [(String, Int)], addresses: Bool = false) {
        append(UInt8(1))
        append(id)
        append(name: "ram")
        append(UInt32(0))
        append(UInt32(4))
        append(UInt64(blocks.reduce(0) { $0 + $1.1 }) | 4)
        for (name, size) in blocks {
            append(name: name)
            append(UInt64(size))
            if addresses { append(UInt64(0)) }
        }
    }

    mutating func barrier() { append(UInt64(0x200)) }

    mutating func endSection(id: UInt32 = 2) {
        append(UInt64(0x10))
        append(UInt8(0x7e))
        append(id)
    }

    mutating func part(id: UInt32 = 2, end: Bool = false) {
        append(UInt8(end ? 3 : 2))
        append(id)
    }

    /// The last section of RAM, without pages.
    mutating func endRAM(barrier: Bool = false) {
        part(end: true)
        if barrier { self.barrier() }
        endSection()
    }

    mutating func page(_ block: String?, _ page: Int, _ content: [UInt8]) {
        append(UInt64(page << 12) | (block == nil ? 0x28 : 0x08))
        if let block { append(name: block) }
        append(content)
    }

    mutating func zeroPage(_ block: String?, _ page: Int) {
        append(UInt64(page << 12) | (block == nil ? 0x22 : 0x02))
        if let block { append(name: block) }
        append(UInt8(0))
    }

    mutating func delta(_ block: String?, _ page: Int, _ delta: [UInt8]) {
        append(UInt64(page << 12) | (block == nil ? 0x60 : 0x40))
        if let block { append(name: block) }
        append(UInt8(1))
        append(UInt16(delta.count))
        append(delta)
    }

    /// A section of one device with one field, the end mark and the description.
    mutating func deviceState(_ data: [UInt8] = [1, 2, 3, 4, 5]) {
        deviceSection(data)
        append(UInt8(0))
        append(UInt8(6))
        let json = Self.description(byteCount: data.count)
        append(UInt32(json.count))
        append(json)
    }

    mutating func deviceSection(_ data: [UInt8], id: UInt32 = 43) {
        append(UInt8(4))
        append(id)
        append(name: "timer")
        append(UInt32(0))
        append(UInt32(2))
        append(data)
        append(UInt8(0x7e))
        append(id)
    }

    static func description(byteCount: Int) -> [UInt8] {
        Array(
            """
            {"configuration":{"vmsd_name":"configuration"},"page_size":4096,"devices":[{"name":"timer","instance_id":0,\
            "vmsd_name":"timer","version":2,"fields":[{"name":"data","type":"buffer","size":\(byteCount)}]}]}
            """.utf8)
    }
}

/// All records of a stream that comes in pieces of a size.
func records(of bytes: [UInt8], pieceByteCount: Int = .max) throws -> [StreamRecord] {
    var decoder = StreamDecoder()
    var records: [StreamRecord] = []
    var start = 0
    var end = 0
    while end < bytes.count {
        end = pieceByteCount < bytes.count - end ? end + pieceByteCount : bytes.count
        while true {
            let (record, byteCount) = try unsafe decoder.next(in: bytes[start..<end].span.bytes)
            start += byteCount
            guard let record else { break }
            records.append(record)
        }
    }
    return records
}
