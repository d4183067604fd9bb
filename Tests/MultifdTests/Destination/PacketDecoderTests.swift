import Testing

@testable import Multifd

/// What a channel makes of packets with deltas.
@Suite struct PacketDecoderTests {
    /// A guest of four pages that is received, and the one channel that it comes on.
    private final class Reception {
        private let target: any MigrationTarget
        let incoming: IncomingMemory
        private let decoder: PacketDecoder
        private var nextNumber: UInt64 = 0

        /// - Parameter path: of a file to receive into; nil for memory.
        init(intoFile path: String?) throws {
            target = try path.map { try ImageFileTarget(path: $0) } ?? MemoryTarget()
            let guest = IncomingGuest(
                blocks: [RAMBlockInfo(name: "ram", size: 4 * Page.byteCount)], configuration: "")
            incoming = try IncomingMemory(target.prepare(for: guest), names: ["ram"], isVerified: true)
            decoder = try PacketDecoder(target: incoming, rules: .native(.none, deltas: true), channel: 0)
        }

        /// Receives a packet with one page.
        func receive(_ page: UInt32, delta: [UInt8]?) throws {
            var header = PacketHeader()
            header.number = nextNumber
            header.block = BlockName("ram")
            header.pages[0] = page
            nextNumber += 1
            var payload: [UInt8] = []
            if let delta {
                payload = [0, UInt8(delta.count)] + delta
                header.deltaPageCount = 1
                header.deltaByteCount = payload.count
                header.payloadByteCount = payload.count
            } else {
                header.zeroPageCount = 1
            }
            let packet = FakeSource.packet(header, payload: payload)
            unsafe decoder.headerBuffer.copyBytes(from: packet.prefix(PacketHeader.byteCount))
            try decoder.decodeHeader()
            unsafe decoder.payloadBuffer.copyBytes(from: payload)
            try decoder.verify()
            try decoder.place()
        }

        /// The digest of what was received, as the channel's notes make it, and as it is.
        func digests() throws -> (noted: UInt64?, true: UInt64) {
            try incoming.digest?.update(content: incoming.content)
            return (incoming.digest?.value, try MemoryDigest(of: incoming.memory).compute(content: [[0..<4]]))
        }

        func commit() throws -> [UInt8] {
            try target.commit()
            return incoming.memory.blocks[0].bytes
        }
    }

    private func expected(_ page: Int, _ bytes: [UInt8]) -> [UInt8] {
        var all = zeros(4 * Page.byteCount)
        all.replaceSubrange(page * Page.byteCount..<page * Page.byteCount + bytes.count, with: bytes)
        return all
    }

    @Test(arguments: [false, true])
    func `a delta of a page that never came is one against zeros`(isFile: Bool) throws {
        let file = try TemporaryFile()
        let reception = try Reception(intoFile: isFile ? file.path : nil)
        try reception.receive(2, delta: [2, 3, 7, 8, 9])
        try reception.receive(2, delta: [3, 1, 5])
        let digests = try reception.digests()
        #expect(digests.noted == digests.true)
        let bytes = expected(2, [0, 0, 7, 5, 9])
        #expect(try reception.commit() == bytes)
        if isFile { #expect(try contents(ofFile: file.path).bytes == bytes) }
    }

    @Test(arguments: [false, true])
    func `a page that came as deltas only can become zero, and a delta's base as such`(isFile: Bool) throws {
        let file = try TemporaryFile()
        let reception = try Reception(intoFile: isFile ? file.path : nil)
        try reception.receive(1, delta: [0, 3, 7, 8, 9])
        #expect(reception.incoming.content == [[1..<2]])
        _ = try reception.digests()
        try reception.receive(1, delta: nil)
        var digests = try reception.digests()
        #expect(digests.noted == digests.true)
        #expect(reception.incoming.memory.blocks[0].holdsZeros(page: 1))

        try reception.receive(1, delta: [1, 1, 6])
        digests = try reception.digests()
        #expect(digests.noted == digests.true)
        let bytes = expected(1, [0, 6])
        #expect(try reception.commit() == bytes)
        if isFile { #expect(try contents(ofFile: file.path).bytes == bytes) }
    }
}
