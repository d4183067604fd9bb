/// What the source proposes, first of all: everything the destination needs to know, so that its user configures nothing.
package struct SessionSetup: Equatable, Sendable {
    /// A RAMBlock's name and size.
    package struct Block: Equatable, Sendable {
        package var name: String
        package var byteCount: UInt64

        package init(name: String, byteCount: UInt64) {
            self.name = name
            self.byteCount = byteCount
        }
    }

    package static let maximumBlockCount = 4096
    package static let maximumConfigurationByteCount = 4096
    /// What a page number of 32 bits reaches.
    private static let maximumRAMByteCount: UInt64 = 16 << 40

    package var sessionID: SessionID
    package var pageByteCount = UInt32(Page.byteCount)
    package var channelCount: UInt8
    package var compression: String
    package var level: Int32
    package var features: SessionFeatures
    package var blocks: [Block]
    /// See ``Guest/configuration``.
    package var guestConfiguration: String

    package init(
        sessionID: SessionID, channelCount: UInt8, compression: String, level: Int32, features: SessionFeatures,
        blocks: [Block], guestConfiguration: String
    ) {
        self.sessionID = sessionID
        self.channelCount = channelCount
        self.compression = compression
        self.level = level
        self.features = features
        self.blocks = blocks
        self.guestConfiguration = guestConfiguration
    }

    /// Bytes of guest memory.
    package var ramByteCount: Int { blocks.reduce(0) { $0 + Int($1.byteCount) } }

    package func encode(into writer: inout MessageWriter) {
        writer.append(sessionID.high)
        writer.append(sessionID.low)
        writer.append(pageByteCount)
        writer.append(channelCount)
        writer.append(compression)
        writer.append(level)
        writer.append(features.rawValue)
        writer.append(UInt32(blocks.count))
        for block in blocks {
            writer.append(block.name)
            writer.append(block.byteCount)
        }
        writer.append(guestConfiguration)
    }

    package init(decoding reader: inout MessageReader) throws(WireError) {
        sessionID = SessionID(high: try reader.integer(), low: try reader.integer())
        pageByteCount = try reader.integer()
        channelCount = try reader.integer()
        compression = try reader.string("the compression", maximumByteCount: 32)
        level = try reader.integer()
        features = SessionFeatures(rawValue: try reader.integer())
        let count: UInt32 = try reader.integer()
        func require(_ condition: Bool, _ field: String, _ expected: String, _ found: String) throws(WireError) {
            guard condition else {
                throw .field(what: "the source's proposal", field: field, expected: expected, found: found)
            }
        }
        try require(
            pageByteCount == Page.byteCount, "the page size", "\(Page.byteCount) bytes", "\(pageByteCount) bytes")
        try require(channelCount > 0, "the number of channels", "1 to 255", "0")
        try require(
            (1...Self.maximumBlockCount).contains(Int(count)), "the number of RAMBlocks",
            "1 to \(Self.maximumBlockCount)", "\(count)")
        blocks = []
        var names = Set<String>()
        var total: UInt64 = 0
        for _ in 0..<count {
            let name = try reader.string("a RAMBlock's name", maximumByteCount: 255)
            let byteCount: UInt64 = try reader.integer()
            try require(
                !name.isEmpty && !name.utf8.contains(0) && names.insert(name).inserted, "a RAMBlock's name",
                "a name of its own", "'\(name)'")
            let (sum, overflow) = total.addingReportingOverflow(byteCount)
            try require(
                byteCount > 0 && byteCount % UInt64(Page.byteCount) == 0 && !overflow
                    && sum <= Self.maximumRAMByteCount,
                "the size of '\(name)'", "a multiple of \(Page.byteCount), and all together up to 16 TiB",
                "\(byteCount)")
            total = sum
            blocks.append(Block(name: name, byteCount: byteCount))
        }
        guestConfiguration = try reader.string(
            "the guest's configuration", maximumByteCount: Self.maximumConfigurationByteCount)
    }
}
