import Multifd

/// Writes the main stream that a QEMU expects.
struct StreamWriter {
    private var writer = MessageWriter()

    var bytes: [UInt8] { writer.bytes }
    var byteCount: Int { writer.bytes.count }

    mutating func begin(configuration: [UInt8]) {
        writer.append(QEMUStream.magic)
        writer.append(QEMUStream.version)
        writer.append(configuration)
    }

    mutating func openReturnPath() { command(QEMUStream.Command.openReturnPath) }

    mutating func ping(_ value: UInt32) {
        command(QEMUStream.Command.ping, byteCount: 4)
        writer.append(value)
    }

    private mutating func command(_ number: UInt16, byteCount: UInt16 = 0) {
        writer.append(QEMUStream.SectionType.command)
        writer.append(number)
        writer.append(byteCount)
    }

    mutating func append(_ bytes: [UInt8]) { writer.append(bytes) }

    /// Begins RAM: the section and the list of blocks.
    mutating func startRAM(id: UInt32, _ blocks: [SnapshotBlock]) {
        writer.append(StreamSection.start.rawValue)
        writer.append(id)
        append(name: "ram")
        writer.append(UInt32(0))
        writer.append(QEMUStream.ramVersion)
        writer.append(UInt64(blocks.reduce(0) { $0 + $1.size }) | QEMUStream.Flag.blockList)
        for block in blocks {
            append(name: block.name)
            writer.append(UInt64(block.size))
            if let address = block.address { writer.append(address) }
        }
    }

    mutating func begin(_ section: StreamSection, id: UInt32) {
        writer.append(section.rawValue)
        writer.append(id)
    }

    mutating func barrier() { writer.append(QEMUStream.Flag.barrier) }

    mutating func endSection(id: UInt32) {
        writer.append(QEMUStream.Flag.end)
        writer.append(QEMUStream.footer)
        writer.append(id)
    }

    /// - Parameter name: nil when the page before was of the same block.
    mutating func zeroPage(_ page: Int, name: String?) {
        pageHeader(page, QEMUStream.Flag.zero, name)
        writer.append(UInt8(0))
    }

    /// What stands before a page's content.
    mutating func pageHeader(_ page: Int, _ flag: UInt64, _ name: String?) {
        let same = name == nil ? QEMUStream.Flag.sameBlock : 0
        writer.append(UInt64(page << Page.shift) | flag | same)
        if let name { append(name: name) }
    }

    private mutating func append(name: String) {
        writer.append(UInt8(name.utf8.count))  // a manifest has none with more than 255 bytes
        writer.append(Array(name.utf8))
    }
}
