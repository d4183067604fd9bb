/// Turns batches into packets, in memory that is allocated once. Owned by one channel's thread.
@safe
final class PacketEncoder {
    /// What to encode, the same for all batches.
    struct Settings: Sendable {
        var compression: MultifdCompression
        var level: Int
        var zeroPageDetection: ZeroPageDetection
        /// QEMU's are without what this program adds.
        var rules: PacketRules
    }

    enum EncodingError: Error, CustomStringConvertible {
        case codec(CodecError)
        case memory(MemoryError)

        var description: String {
            switch self {
            case .codec(let error): "\(error)"
            case .memory(let error): "\(error)"
            }
        }
    }

    /// The last packet, ready to be sent: header, then payload.
    private(set) var gather = GatherList(capacity: 2)
    private(set) var header = PacketHeader()

    private let memory: GuestMemory
    private let blockNames: [BlockName]
    private let settings: Settings
    private var isNative: Bool { if case .native = settings.rules { true } else { false } }
    private let encoder: (any PayloadEncoder)?
    private var checksum = StreamingChecksum()
    private let headerBytes: ScratchMemory
    private let ownStaging: ScratchMemory
    private let encoded: ScratchMemory
    private var nextNumber: UInt64 = 0

    init(memory: GuestMemory, settings: Settings) throws(MigrationError) {
        self.memory = memory
        self.settings = settings
        blockNames = memory.blocks.map { BlockName($0.name) }
        let batchByteCount = Batch.capacity * Page.byteCount
        do {
            encoder = try settings.compression.makeEncoder(level: settings.level)
        } catch {
            throw .codec(description: "\(error)", channel: 0, packet: 0)
        }
        do {
            headerBytes = try ScratchMemory(byteCount: PacketHeader.byteCount)
            ownStaging = try ScratchMemory(byteCount: batchByteCount)
            encoded = try ScratchMemory(
                byteCount: encoder?.maximumEncodedByteCount(for: batchByteCount) ?? Page.byteCount)
        } catch {
            throw .memory(error)
        }
    }

    /// Sends `body` the gather list of the last packet, which it empties.
    func send<Failure: Error>(_ body: (inout GatherList) throws(Failure) -> Void) throws(Failure) {
        try body(&gather)
    }

    /// Encodes the end of an iteration.
    func encodeSync() {
        beginPacket()
        header.isSync = true
        finishPacket()
    }

    /// Encodes a batch's pages.
    func encode(_ batch: borrowing Batch) throws(EncodingError) {
        beginPacket()
        header.block = blockNames[batch.block]
        let block = memory.blocks[batch.block]
        if block.isFile {
            do { try load(batch, of: block) } catch { throw .memory(error) }
        } else {
            stage(batch, of: block)
        }
        try encodeStaged()
        finishPacket()
    }

    /// Where the batch's pages are put together, until the packet is finished.
    private var staging: UnsafeMutableRawPointer { unsafe encoder?.staging ?? ownStaging.start }

    /// Copies the batch and finds its zero pages, in one pass.
    private func stage(_ batch: borrowing Batch, of block: RAMBlock) {
        var end = unsafe staging
        partition(batch) { page, detectsZero in
            // Within the staging buffer: it has room for a whole batch, and `end` moves by a page for each at most.
            let isZero = unsafe GuestPages.copy(block.address(ofPage: page), to: end)
            if isZero, detectsZero { return true }
            unsafe end += Page.byteCount
            return false
        }
    }

    /// Reads the batch from its file, run by run, and closes the gaps that zero pages leave. Reading beats copying from a
    /// mapping, whose pages would have to be mapped first.
    private func load(_ batch: borrowing Batch, of block: RAMBlock) throws(MemoryError) {
        var index = 0
        while index < batch.pageCount {
            let first = Int(batch.pages[index])
            var end = index + 1
            while end < batch.pageCount, Int(batch.pages[end]) == first + end - index { end += 1 }
            // Within the staging buffer: it has room for a whole batch.
            unsafe try block.read(first..<first + end - index, into: staging + index << Page.shift)
            index = end
        }
        var from = unsafe staging
        var to = unsafe staging
        partition(batch) { _, detectsZero in
            defer { unsafe from += Page.byteCount }
            if detectsZero, unsafe GuestPages.isZero(from) { return true }
            if unsafe from != to { unsafe to.copyMemory(from: from, byteCount: Page.byteCount) }
            unsafe to += Page.byteCount
            return false
        }
    }

    /// Writes the batch's pages into the header: the normal ones first, then those for which `isZero` says so, or that
    /// the coordinator has found to be zero already.
    private func partition(_ batch: borrowing Batch, isZero: (_ page: Int, _ detectsZero: Bool) -> Bool) {
        let detectsZero = settings.zeroPageDetection == .multifd
        var zeroPages = [128 of UInt32](repeating: 0)
        for index in 0..<batch.pageCount {
            let page = batch.pages[index]
            if index >= batch.pageCount - batch.zeroPageCount || isZero(Int(page), detectsZero) {
                zeroPages[header.zeroPageCount] = page
                header.zeroPageCount += 1
            } else {
                header.pages[header.normalPageCount] = page
                header.normalPageCount += 1
            }
        }
        for index in 0..<header.zeroPageCount { header.pages[header.normalPageCount + index] = zeroPages[index] }
    }

    private func encodeStaged() throws(EncodingError) {
        let byteCount = header.normalPageCount << Page.shift
        guard byteCount > 0 else { return }
        guard let encoder else {
            header.payloadByteCount = byteCount
            return unsafe appendPayload(staging, byteCount)
        }
        header.codec = settings.compression.packetCodec
        // Safe: the staging buffer belongs to this thread, the codec to this channel.
        var output = unsafe OutputRawSpan(buffer: encoded.buffer, initializedCount: 0)
        do {
            try unsafe encoder.encode(RawSpan(_unsafeStart: staging, byteCount: byteCount), into: &output)
        } catch {
            throw .codec(error)
        }
        header.payloadByteCount = unsafe output.finalize(for: encoded.buffer)
        unsafe appendPayload(encoded.start, header.payloadByteCount)
    }

    private func appendPayload(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
        unsafe checksum.update(UnsafeRawBufferPointer(start: start, count: byteCount))
        unsafe gather.append(start, byteCount)
    }

    private func beginPacket() {
        checksum.begin()
        gather.removeAll()
        unsafe gather.append(headerBytes.start, PacketHeader.byteCount)
        header.isSync = false
        header.codec = .none
        header.extensions = isNative ? .checksum : []
        // QEMU's own sources leave no offsets of earlier packets behind.
        if !isNative { header.pages = [128 of UInt32](repeating: 0) }
        header.normalPageCount = 0
        header.zeroPageCount = 0
        header.payloadByteCount = 0
        header.block = .none
        header.number = nextNumber
        header.checksum = 0
        nextNumber += 1
    }

    /// Writes the header in front of the payload that the gather list holds already.
    private func finishPacket() {
        writeHeader()
        guard isNative else { return }
        // Safe: the buffer belongs to this thread and holds a whole header.
        header.checksum = Checksum.of(
            unsafe RawSpan(_unsafeStart: headerBytes.start, byteCount: PacketHeader.byteCount), seed: checksum.value)
        writeHeader()
    }

    private func writeHeader() {
        var output = unsafe OutputRawSpan(buffer: headerBytes.buffer, initializedCount: 0)
        header.encode(into: &output)
        _ = unsafe output.finalize(for: headerBytes.buffer)
    }
}
