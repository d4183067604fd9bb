import Synchronization

/// Turns batches into packets, in memory that is allocated once. Owned by one channel's thread.
@safe
final class PacketEncoder {
    /// What to encode, the same for all batches.
    struct Settings: Sendable {
        var compression: MultifdCompression
        var level: Int
        /// QEMU's are without what this program adds.
        var rules: PacketRules
        /// Channels of the migration.
        var channelCount = 1
        /// With `multifd-compression auto`: what all channels learn together.
        var adviser: CodecAdviser?
        /// What deltas are made against; nil to send none.
        var cache: XBZRLECache?
    }

    /// What becomes of a page.
    private enum Treatment {
        case normal, zero, delta, unchanged
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

    /// Zero pages of the last batch that are in no packet.
    private(set) var omittedZeroPageCount = 0
    private var omitsZeroPages = false
    private var detectsZeroPages = false

    private let memory: GuestMemory
    private let blockNames: [BlockName]
    private let settings: Settings
    private let limiter: BandwidthLimiter
    private var isNative: Bool { if case .native = settings.rules { true } else { false } }
    /// Nil as long as nothing is encoded.
    private var encoder: (any PayloadEncoder)? { adaptation?.zstd ?? fixedEncoder }
    private let fixedEncoder: (any PayloadEncoder)?
    /// With `multifd-compression auto`: decides whether a payload is encoded.
    private let adaptation: AdaptiveEncoder?
    private let deltas: DeltaEncoder?
    private var checksum = StreamingChecksum()
    private let headerBytes: ScratchMemory
    private let ownStaging: ScratchMemory
    private let encoded: ScratchMemory
    private var nextNumber: UInt64 = 0
    /// What the codec took for the last packet.
    private var codecTime = Duration.zero

    /// - Parameters:
    ///   - channel: its number.
    ///   - limiter: that of the connection, whose rate is worth knowing beforehand.
    init(
        memory: GuestMemory, settings: Settings, channel: Int, limiter: BandwidthLimiter
    ) throws(MigrationError) {
        self.memory = memory
        self.settings = settings
        self.limiter = limiter
        blockNames = memory.blocks.map { BlockName($0.name) }
        let batchByteCount = Page.countPerBatch * Page.byteCount
        adaptation = settings.adviser.map { AdaptiveEncoder(adviser: $0) }
        do {
            fixedEncoder = try settings.compression.makeEncoder(level: settings.level)
        } catch {
            throw .codec(description: "\(error)", channel: channel, packet: 0)
        }
        do {
            headerBytes = try ScratchMemory(byteCount: PacketHeader.byteCount)
            ownStaging = try ScratchMemory(byteCount: batchByteCount)
            deltas = try settings.cache.map { cache throws(MemoryError) in
                try DeltaEncoder(
                    cache: cache, channelCount: settings.channelCount, limit: limiter.bytesPerSecond)
            }
            let encodedByteCount =
                adaptation == nil
                ? fixedEncoder?.maximumEncodedByteCount(for: batchByteCount) ?? Page.byteCount
                : ZstdEncoder.maximumEncodedByteCount(for: batchByteCount)
            encoded = try ScratchMemory(byteCount: encodedByteCount)
        } catch {
            throw .memory(error)
        }
    }

    /// Sends `body` the gather list of the last packet, which it empties.
    func send<Failure: Error>(_ body: (inout GatherList) throws(Failure) -> Void) throws(Failure) {
        try body(&gather)
    }

    /// Encodes the end of an iteration.
    func encodeBarrier() {
        beginPacket()
        header.isSync = true
        finishPacket()
    }

    /// Encodes that there is nothing to tell, as yet.
    func encodeNothing() {
        beginPacket()
        finishPacket()
    }

    /// What this channel's pages met in the cache so far.
    var deltaCounters: XBZRLECounters { deltas?.counters ?? XBZRLECounters() }

    /// Encodes a batch's pages.
    ///
    /// - Parameter omitsZeroPages: whether to leave zero pages out, because they are zero at the destination already.
    /// - Returns: whether there is a packet: not when the destination has all of the pages as they are.
    func encode(_ batch: borrowing Batch, omitsZeroPages: Bool = false) throws(EncodingError) -> Bool {
        beginPacket()
        self.omitsZeroPages = omitsZeroPages
        detectsZeroPages = batch.detectsZeroPages
        omittedZeroPageCount = 0
        header.block = blockNames[batch.block]
        let block = memory.blocks[batch.block]
        if block.isFile {
            do { try load(batch, of: block) } catch { throw .memory(error) }
        } else {
            stage(batch, of: block)
        }
        guard header.pageCount > 0 else { return false }
        try encodeStaged()
        finishPacket()
        return true
    }

    /// Where the batch's pages are put together, until the packet is finished.
    private var staging: UnsafeMutableRawPointer { unsafe encoder?.staging ?? ownStaging.start }

    /// Copies the batch and finds its zero pages, in one pass.
    private func stage(_ batch: borrowing Batch, of block: RAMBlock) {
        var end = unsafe staging
        partition(batch) { page, blockIndex in
            // Within the staging buffer: it has room for a whole batch, and `end` moves by a page for each at most.
            let isZero = unsafe GuestPages.copy(block.address(ofPage: page), to: end)
            let treatment = unsafe treat(page, ofBlock: blockIndex, content: end, isZero: isZero)
            if treatment == .normal { unsafe end += Page.byteCount }
            return treatment
        }
    }

    /// Reads the batch from its file, run by run, and closes the gaps that zero pages leave. Reading beats copying from a
    /// mapping, whose pages would have to be mapped first.
    private func load(_ batch: borrowing Batch, of block: RAMBlock) throws(MemoryError) {
        var to = unsafe staging
        var failure: MemoryError?
        batch.forEachRun { pages in
            guard failure == nil else { return }
            // Within the staging buffer: it has room for a whole batch.
            do throws(MemoryError) { unsafe try block.read(pages, into: to) } catch { failure = error }
            unsafe to += pages.count << Page.shift
        }
        if let failure { throw failure }
        unsafe to = staging
        var from = unsafe staging
        partition(batch) { page, blockIndex in
            defer { unsafe from += Page.byteCount }
            let isZero = unsafe detectsZeroPages && GuestPages.isZero(from)
            let treatment = unsafe treat(page, ofBlock: blockIndex, content: from, isZero: isZero)
            guard treatment == .normal else { return treatment }
            if unsafe from != to { unsafe to.copyMemory(from: from, byteCount: Page.byteCount) }
            unsafe to += Page.byteCount
            return treatment
        }
    }

    /// Decides what becomes of a page whose copy lies at `content`.
    @unsafe
    private func treat(_ page: Int, ofBlock block: Int, content: UnsafeRawPointer, isZero: Bool) -> Treatment {
        if isZero, detectsZeroPages { return .zero }
        guard let deltas else { return .normal }
        return switch unsafe deltas.encode(page: page, ofBlock: block, content: content) {
        case .unchanged: .unchanged
        case .delta: .delta
        case .overflow, .miss: .normal
        }
    }

    /// Writes the batch's pages into the header: the normal ones first, then the zero pages, those that the coordinator
    /// has found included, then those with a delta. Those that are unchanged are left out.
    private func partition(_ batch: borrowing Batch, treat: (_ page: Int, _ block: Int) -> Treatment) {
        var zeroPages = BatchPages(repeating: 0)
        var deltaPages = BatchPages(repeating: 0)
        for index in 0..<batch.pageCount {
            let page = batch.pages[index]
            switch index >= batch.pageCount - batch.zeroPageCount ? .zero : treat(Int(page), batch.block) {
            case .normal:
                header.pages[header.normalPageCount] = page
                header.normalPageCount += 1
            case .zero:
                deltas?.rememberZero(page: Int(page), ofBlock: batch.block)
                guard !omitsZeroPages else {
                    omittedZeroPageCount += 1
                    continue
                }
                zeroPages[header.zeroPageCount] = page
                header.zeroPageCount += 1
            case .delta:
                deltaPages[header.deltaPageCount] = page
                header.deltaPageCount += 1
            case .unchanged: break
            }
        }
        var end = header.normalPageCount
        for index in 0..<header.zeroPageCount { header.pages[end + index] = zeroPages[index] }
        end += header.zeroPageCount
        for index in 0..<header.deltaPageCount { header.pages[end + index] = deltaPages[index] }
    }

    private func encodeStaged() throws(EncodingError) {
        if let deltas {
            header.deltaByteCount = deltas.byteCount
            // Within the staging buffer: each delta takes less room than the page that it stands for.
            unsafe deltas.copyDeltas(to: staging + header.normalPageCount << Page.shift)
        }
        let byteCount = header.decodedByteCount
        guard byteCount > 0 else { return }
        let start = MonotonicTime.now
        do {
            // Safe: the staging buffer belongs to this thread, the codec to this channel.
            try unsafe encodePayload(RawSpan(_unsafeStart: staging, byteCount: byteCount))
        } catch {
            throw .codec(error)
        }
        codecTime = MonotonicTime.now.since(start)
    }

    private func encodePayload(_ payload: RawSpan) throws(CodecError) {
        guard try isWorthEncoding(payload), let encoder else {
            header.payloadByteCount = payload.byteCount
            return unsafe payload.withUnsafeBytes { bytes in
                // The gather list's type lacks a const: it only reads what it sends.
                guard let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return }
                unsafe appendPayload(start, bytes.count)
            }
        }
        header.codec = settings.compression.packetCodec
        var output = unsafe OutputRawSpan(buffer: encoded.buffer, initializedCount: 0)
        try encoder.encode(payload, into: &output)
        header.payloadByteCount = unsafe output.finalize(for: encoded.buffer)
        unsafe appendPayload(encoded.start, header.payloadByteCount)
    }

    private func isWorthEncoding(_ payload: RawSpan) throws(CodecError) -> Bool {
        switch try adaptation?.choose(for: payload) {
        case .raw: return false
        case .zstd(startsAnew: true): header.extensions.insert(.restart)
        case .zstd(startsAnew: false), nil: break
        }
        return true
    }

    /// Counts the packet that was sent, and learns from it. What was decided is told once an iteration.
    ///
    /// - Parameters:
    ///   - sending: with the time that the limiter and the socket kept it waiting.
    ///   - connection: which took it.
    func record(sending: Duration, through connection: Connection, in codecs: borrowing Mutex<CodecCounts>) {
        if header.isSync, let adaptation { codecs.withLock { $0.decisions = adaptation.decisions } }
        guard header.hasPayload else { return }
        let limit = limiter.bytesPerSecond
        deltas?.record(pageCount: header.pageCount, sending: sending, limit: limit)
        let (codec, time) = (header.codec, codecTime)
        let (bytesIn, bytesOut) = (header.decodedByteCount, header.payloadByteCount)
        adaptation?.record(
            bytesIn: bytesIn, bytesOut: bytesOut, encoding: time, sending: sending, queued: connection.queuedByteCount,
            limit: limit)
        codecs.withLock { $0.add(codec, bytesIn: bytesIn, bytesOut: bytesOut, time: time) }
    }

    private func appendPayload(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
        unsafe checksum.update(UnsafeRawBufferPointer(start: start, count: byteCount))
        unsafe gather.append(start, byteCount)
    }

    private func beginPacket() {
        checksum.begin()
        deltas?.beginPacket()
        gather.removeAll()
        unsafe gather.append(headerBytes.start, PacketHeader.byteCount)
        header.isSync = false
        header.codec = .none
        header.extensions = isNative ? .checksum : []
        // QEMU's own sources leave no offsets of earlier packets behind.
        if !isNative { header.pages = BatchPages(repeating: 0) }
        header.normalPageCount = 0
        header.zeroPageCount = 0
        header.deltaPageCount = 0
        header.payloadByteCount = 0
        header.deltaByteCount = 0
        header.block = .none
        header.number = nextNumber
        header.checksum = 0
    }

    /// Writes the header in front of the payload that the gather list holds already.
    private func finishPacket() {
        writeHeader()
        guard isNative else { return }
        // Safe: the buffer belongs to this thread and holds a whole header.
        header.checksum = Checksum.of(
            unsafe RawSpan(_unsafeStart: headerBytes.start, byteCount: PacketHeader.byteCount), seed: checksum.value)
        writeHeader()
        nextNumber += 1
    }

    private func writeHeader() {
        var output = unsafe OutputRawSpan(buffer: headerBytes.buffer, initializedCount: 0)
        header.encode(into: &output)
        _ = unsafe output.finalize(for: headerBytes.buffer)
    }
}
