/// Puts the packets of one channel in their place. Owned by that channel's thread; allocates nothing once a packet.
///
/// No byte of a packet reaches guest memory before the packet's checksum and every field of its header are found right.
@safe
final class PacketDecoder {
    enum PlacingError: Error, CustomStringConvertible {
        case codec(CodecError)
        case memory(MemoryError)
        case deltas(WireError)

        var description: String {
            switch self {
            case .codec(let error): "\(error)"
            case .memory(let error): "\(error)"
            case .deltas(let error): "\(error)"
            }
        }
    }

    private(set) var header = PacketHeader()
    private(set) var nextNumber: UInt64 = 0

    let target: IncomingMemory
    private let rules: PacketRules
    /// Nil as long as it is to be learnt.
    private(set) var compression: MultifdCompression?
    private var decoder: (any PayloadDecoder)?
    private var checksum = StreamingChecksum()
    private let headerBytes: ScratchMemory
    /// The payload as it came; with no codec these are the pages themselves.
    private let payload: ScratchMemory
    /// Decoded pages on their way to a file.
    let decoded: ScratchMemory
    /// Decoded deltas.
    private let deltas: ScratchMemory
    /// The RAMBlock of the last packet: nearly always that of the next.
    private(set) var block = 0

    /// - Parameter channel: its number.
    init(target: IncomingMemory, rules: PacketRules, channel: Int) throws(MigrationError) {
        self.target = target
        self.rules = rules
        if case .native(let compression, _) = rules {
            self.compression = compression
            do {
                decoder = try compression.makeDecoder()
            } catch {
                throw .codec(description: "\(error)", channel: channel, packet: 0)
            }
        }
        do {
            headerBytes = try ScratchMemory(byteCount: PacketHeader.byteCount)
            payload = try ScratchMemory(byteCount: PacketHeader.maximumPayloadByteCount)
            let batchByteCount = Page.countPerBatch << Page.shift
            let usesFile = target.memory.blocks.contains(where: \.isFile)
            let decodesToFile = usesFile && (compression != MultifdCompression.none || rules.acceptDeltas)
            decoded = try ScratchMemory(byteCount: decodesToFile ? batchByteCount : Page.byteCount)
            deltas = try ScratchMemory(byteCount: rules.acceptDeltas ? batchByteCount : Page.byteCount)
        } catch {
            throw .memory(error)
        }
    }

    /// The buffer for the next header.
    var headerBuffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: headerBytes.start, count: PacketHeader.byteCount)
    }

    /// The buffer for the payload that the header has announced.
    var payloadBuffer: UnsafeMutableRawBufferPointer {
        // Room for every payload that PacketHeader lets pass.
        unsafe UnsafeMutableRawBufferPointer(start: payload.start, count: header.payloadByteCount)
    }

    /// Decodes the header that is in ``headerBuffer``.
    func decodeHeader() throws(WireError) {
        // Safe: the buffer is this thread's own and holds a whole header.
        header = try PacketHeader(
            decoding: unsafe RawSpan(_unsafeStart: headerBytes.start, byteCount: PacketHeader.byteCount))
        switch rules {
        case .native(let compression, _):
            try require(header.number == nextNumber, "its number", "\(nextNumber)", "\(header.number)")
            try require(header.extensions.contains(.checksum), "its checksum", "one", "none")
            try require(
                header.codec == compression.packetCodec || header.codec == .none, "its codec",
                "\(compression) or none", "\(header.codec)")
        case .qemu:
            try require(
                header.extensions.isEmpty && header.checksum == 0, "the reserved part", "zero", "something else")
            if header.hasPayload { try learnCodec() }
        }
        try require(
            header.deltaPageCount == 0 || rules.acceptDeltas, "the number of deltas", "0", "\(header.deltaPageCount)")
        if header.pageCount > 0 { try findBlock() }
    }

    /// The texts are made only of a packet that is wrong.
    private func require(
        _ condition: Bool, _ field: String, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
    ) throws(WireError) {
        guard condition else { throw .field(what: "a packet", field: field, expected: expected(), found: found()) }
    }

    /// A channel has one codec from its first payload to its last.
    private func learnCodec() throws(WireError) {
        if let compression {
            return try require(
                header.codec == compression.packetCodec, "its codec", "\(compression), like the packets before",
                "\(header.codec)")
        }
        let learnt = MultifdCompression(header.codec)
        do {
            decoder = try learnt.makeDecoder()
        } catch {
            throw .field(what: "a packet", field: "its codec", expected: "one that can be decoded", found: "\(error)")
        }
        compression = learnt
    }

    private func findBlock() throws(WireError) {
        if target.names[block] != header.block {
            guard let found = target.names.firstIndex(of: header.block) else {
                throw .field(
                    what: "a packet", field: "its RAMBlock", expected: "one that was announced",
                    found: "'\(header.block)'")
            }
            block = found
        }
        let pageCount = target.memory.blocks[block].pageCount
        for index in 0..<header.pageCount where header.pages[index] >= pageCount {
            throw .field(
                what: "a packet", field: "page \(index)",
                expected: "below \(pageCount), the pages of '\(header.block)'", found: "\(header.pages[index])")
        }
    }

    /// Checks the packet whose payload has been received.
    func verify() throws(WireError) {
        guard case .native = rules else { return nextNumber += 1 }
        checksum.begin()
        unsafe checksum.update(UnsafeRawBufferPointer(start: payload.start, count: header.payloadByteCount))
        // The checksum was computed with zeros where it stands itself.
        unsafe headerBytes.start.storeBytes(
            of: 0, toByteOffset: PacketHeader.checksumRange.lowerBound, as: UInt64.self)
        let found = Checksum.of(
            unsafe RawSpan(_unsafeStart: headerBytes.start, byteCount: PacketHeader.byteCount), seed: checksum.value)
        guard found == header.checksum else {
            throw .checksum(what: "a packet", expected: header.checksum, found: found)
        }
        nextNumber += 1
    }

    /// Puts the pages of the verified packet in their place.
    func place() throws(PlacingError) {
        guard header.pageCount > 0 else { return }
        if let digest = target.digest {
            for index in 0..<header.pageCount { digest.touch(Int(header.pages[index]), ofBlock: block) }
        }
        let memory = target.memory.blocks[block]
        if header.codec == .none {
            unsafe try write(from: payload.start)
            unsafe try apply(payload.start + header.normalPageCount << Page.shift, to: memory)
        } else if header.hasPayload, let decoder {
            unsafe try apply(decodePayload(with: decoder, to: memory), to: memory)
        }
        setReceived(0..<header.normalPageCount)
        setReceived(deltaIndices)
        do { try clearZeroPages() } catch { throw .memory(error) }
    }

    /// Notes that some of the packet's pages hold content: a zero page that comes later clears them, a digest reads them.
    private func setReceived(_ indices: Range<Int>) {
        for index in indices { target.setReceived(Int(header.pages[index]), ofBlock: block) }
    }

    private func write(from buffer: UnsafeRawPointer) throws(PlacingError) {
        var from = unsafe buffer
        do {
            try header.pages.forEachRun(in: 0..<header.normalPageCount) { pages throws(MemoryError) in
                // Within the buffer: it holds a page for each of the packet's.
                unsafe try target.write(pages, ofBlock: block, from: from)
                unsafe from += pages.count << Page.shift
            }
        } catch {
            throw .memory(error)
        }
    }

    /// Decodes straight to where the pages belong, or, for a file, to memory that is then written run by run.
    ///
    /// - Returns: where the deltas are, which come after the pages.
    private func decodePayload(
        with decoder: any PayloadDecoder, to memory: RAMBlock
    ) throws(PlacingError) -> UnsafeRawPointer {
        let filePages: UnsafeRawPointer?
        let deltas: UnsafeRawPointer
        do throws(CodecError) {
            if header.extensions.contains(.restart) { decoder.restart() }
            unsafe try decoder.begin(UnsafeRawBufferPointer(start: payload.start, count: header.payloadByteCount))
            if memory.isFile {
                // Room for a batch.
                unsafe filePages = try decoder.decode(header.normalPageCount << Page.shift, scratch: decoded.start)
            } else {
                unsafe filePages = nil
                try header.pages.forEachRun(in: 0..<header.normalPageCount) { pages throws(CodecError) in
                    // Within the block: the page numbers are checked.
                    unsafe try decoder.decode(
                        into: UnsafeMutableRawBufferPointer(
                            start: memory.address(ofPage: pages.lowerBound), count: pages.count << Page.shift))
                }
            }
            // Room for all that PacketHeader lets pass.
            unsafe deltas = try decoder.decode(header.deltaByteCount, scratch: self.deltas.start)
            try decoder.finish()
        } catch {
            throw .codec(error)
        }
        if let filePages = unsafe filePages { unsafe try write(from: filePages) }
        return unsafe deltas
    }

    private func clearZeroPages() throws(MemoryError) {
        for index in header.normalPageCount..<header.normalPageCount + header.zeroPageCount {
            try target.clear(Int(header.pages[index]), ofBlock: block)
        }
    }
}
