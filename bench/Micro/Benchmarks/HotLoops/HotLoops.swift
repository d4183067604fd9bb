import Benchmark
import CReference
import Glibc
import Multifd

/// Every iteration works on 128 pages, 512 KiB: a batch. Each loop stands beside what C does without it.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .throughput], warmupIterations: 20, scalingFactor: .one,
        maxDuration: .seconds(2), maxIterations: 20_000)
    staging()
    deltas()
    codecs()
    bitmap()
    packets()
    limiter()
    dirtyLogs()
}

private func staging() {
    let from = Pages.mixed
    let to = Pages()
    Benchmark("staging: memcpy") { _ in
        for index in 0..<Pages.count { memcpy(to.page(index), from.page(index), Page.byteCount) }
        blackHole(to)
    }
    Benchmark("staging: copy with zero scan") { _ in
        for index in 0..<Pages.count { blackHole(GuestPages.copy(from.page(index), to: to.page(index))) }
    }
    let zeros = Pages()
    Benchmark("staging: copy with zero scan, zero pages") { _ in
        for index in 0..<Pages.count { blackHole(GuestPages.copy(zeros.page(index), to: to.page(index))) }
    }
}

private func deltas() {
    let base = Pages.mixed
    let same = Pages.copy(of: base)
    let sparse = Pages.copy(of: base)
    sparse.change(runs: 8, length: 8)
    let unaligned = Pages.copy(of: base)
    unaligned.change(runs: 8, length: 8, shift: 5)
    let dense = Pages.copy(of: base)
    dense.change(runs: 128, length: 16)
    let alternating = Pages.copy(of: base)
    alternating.change(runs: 2048, length: 1)
    let random = Pages.copy(of: base)
    random.changeRandomly(places: 64)
    let output = Pages()
    Benchmark("deltas: memcmp of equal pages") { _ in
        for index in 0..<Pages.count { blackHole(memcmp(base.page(index), same.page(index), Page.byteCount)) }
    }
    for (name, pages) in [
        ("unchanged", same), ("sparse", sparse), ("sparse, unaligned", unaligned), ("dense", dense),
        ("every other byte", alternating), ("64 random places", random),
    ] {
        // Of a whole page memcmp reads no further than the first difference, which the encoder does not stop at.
        Benchmark("deltas: memcmp line by line \(name)") { _ in
            for index in 0..<Pages.count {
                var differing = 0
                for line in stride(from: 0, to: Page.byteCount, by: 64)
                where memcmp(base.page(index) + line, pages.page(index) + line, 64) != 0 {
                    differing &+= 1
                }
                blackHole(differing)
            }
        }
        Benchmark("deltas: encode \(name)") { _ in
            for index in 0..<Pages.count {
                let buffer = UnsafeMutableRawBufferPointer(start: output.start, count: Page.byteCount)
                var span = OutputRawSpan(buffer: buffer, initializedCount: 0)
                blackHole(XBZRLE.encode(pages.page(index), against: base.page(index), into: &span))
                _ = span.finalize(for: buffer)
            }
        }
    }
    let buffer = UnsafeMutableRawBufferPointer(start: output.start, count: Page.byteCount)
    var span = OutputRawSpan(buffer: buffer, initializedCount: 0)
    _ = XBZRLE.encode(sparse.page(0), against: base.page(0), into: &span)
    let delta = Array(buffer[..<span.finalize(for: buffer)])
    let target = Pages.copy(of: base)
    Benchmark("deltas: memcpy of a page") { _ in
        for index in 0..<Pages.count { memcpy(target.page(index), sparse.page(index), Page.byteCount) }
        blackHole(target)
    }
    Benchmark("deltas: decode sparse") { _ in
        for index in 0..<Pages.count { try XBZRLE.decode(delta.span.bytes, into: target.page(index)) }
    }
}

private func codecs() {
    let pages = Pages.mixed
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Pages.byteCount, alignment: 64)
    for (name, compression, level) in [
        ("zstd -5", MultifdCompression.zstd, -5), ("zstd 1", .zstd, 1), ("zstd 3", .zstd, 3), ("zlib 1", .zlib, 1),
    ] {
        guard let encoder = try? compression.makeEncoder(level: level), let decoder = try? compression.makeDecoder()
        else { continue }
        Benchmark("codecs: encode \(name)") { _ in
            var output = OutputRawSpan(buffer: room, initializedCount: 0)
            try encoder.encode(RawSpan(_unsafeBytes: pages.span), into: &output)
            blackHole(output.finalize(for: room))
        }
        guard let fresh = try? compression.makeEncoder(level: level) else { continue }
        var output = OutputRawSpan(buffer: room, initializedCount: 0)
        guard (try? fresh.encode(RawSpan(_unsafeBytes: pages.span), into: &output)) != nil else { continue }
        let encoded = Array(room[..<output.finalize(for: room)])
        let target = Pages()
        Benchmark("codecs: decode \(name)") { _ in
            decoder.restart()
            try encoded.withUnsafeBytes { bytes in
                try decoder.begin(bytes)
                try decoder.decode(into: UnsafeMutableRawBufferPointer(start: target.start, count: Pages.byteCount))
                try decoder.finish()
            }
        }
    }
    for level in [-5, 1, 3] {
        let context = ZSTD_createCCtx()
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        Benchmark("codecs: ZSTD_compressStream2 \(level)") { _ in
            var input = ZSTD_inBuffer(src: pages.start, size: Pages.byteCount, pos: 0)
            var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            while ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush) > 0 {}
            blackHole(output.pos)
        }
        zstdDecoding(of: pages, level: level)
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    _ = CReference_deflateInit(stream, 1)
    Benchmark("codecs: deflate 1") { _ in
        stream.pointee.next_in = pages.start.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(Pages.byteCount)
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room.count)
        blackHole(deflate(stream, Z_SYNC_FLUSH))
    }
    zlibDecoding(of: pages, level: 1)
}

/// What the library made of the pages, decoded by the library.
private func zstdDecoding(of pages: Pages, level: Int) {
    let encoded = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Pages.byteCount, alignment: 64)
    let encoder = ZSTD_createCCtx()
    defer { ZSTD_freeCCtx(encoder) }
    ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, Int32(level))
    var source = ZSTD_inBuffer(src: pages.start, size: Pages.byteCount, pos: 0)
    var room = ZSTD_outBuffer(dst: encoded.baseAddress, size: encoded.count, pos: 0)
    while ZSTD_compressStream2(encoder, &room, &source, ZSTD_e_flush) > 0 {}
    let byteCount = room.pos
    let decoder = ZSTD_createDCtx()
    let target = Pages()
    Benchmark("codecs: ZSTD_decompressStream \(level)") { benchmark in
        ZSTD_DCtx_reset(decoder, ZSTD_reset_session_only)
        var input = ZSTD_inBuffer(src: encoded.baseAddress, size: byteCount, pos: 0)
        var output = ZSTD_outBuffer(dst: target.start, size: Pages.byteCount, pos: 0)
        while output.pos < output.size, input.pos < input.size,
            ZSTD_isError(ZSTD_decompressStream(decoder, &output, &input)) == 0
        {}
        if output.pos != Pages.byteCount { benchmark.error("decoded \(output.pos) bytes") }
    }
}

private func zlibDecoding(of pages: Pages, level: Int32) {
    let encoded = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Pages.byteCount, alignment: 64)
    // zlib's state points back to its stream, which must not move.
    let encoder = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    defer { encoder.deallocate() }
    encoder.initialize(to: z_stream())
    _ = CReference_deflateInit(encoder, level)
    encoder.pointee.next_in = pages.start.assumingMemoryBound(to: UInt8.self)
    encoder.pointee.avail_in = UInt32(Pages.byteCount)
    encoder.pointee.next_out = encoded.baseAddress?.assumingMemoryBound(to: UInt8.self)
    encoder.pointee.avail_out = UInt32(encoded.count)
    deflate(encoder, Z_SYNC_FLUSH)
    let byteCount = UInt32(encoder.pointee.total_out)
    deflateEnd(encoder)
    let decoder = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    decoder.initialize(to: z_stream())
    _ = CReference_inflateInit(decoder)
    let target = Pages()
    Benchmark("codecs: inflate \(level)") { benchmark in
        inflateReset(decoder)
        decoder.pointee.next_in = encoded.baseAddress?.assumingMemoryBound(to: UInt8.self)
        decoder.pointee.avail_in = byteCount
        decoder.pointee.next_out = target.start.assumingMemoryBound(to: UInt8.self)
        decoder.pointee.avail_out = UInt32(Pages.byteCount)
        inflate(decoder, Z_SYNC_FLUSH)
        if decoder.pointee.avail_out > 0 { benchmark.error("\(decoder.pointee.avail_out) bytes are missing") }
    }
}

private func bitmap() {
    // A GiB of RAM, of which every third page is marked.
    let pageCount = 1 << 18
    Benchmark("bitmap: mark every third page of 1 GiB, take all in batches") { _ in
        var bitmap = PageBitmap(pageCount: pageCount)
        for page in stride(from: 0, to: pageCount, by: 3) { bitmap.insert(page..<page + 1) }
        var batch = [128 of UInt32](repeating: 0)
        var next: Int? = 0
        while let first = next { next = bitmap.takePages(from: first, into: &batch).next }
        blackHole(batch[0])
    }
    Benchmark("bitmap: the same as a plain loop over words") { _ in
        var words = [UInt64](repeating: 0, count: pageCount / 64)
        for page in stride(from: 0, to: pageCount, by: 3) { words[page >> 6] |= 1 << UInt64(page & 63) }
        var batch = [128 of UInt32](repeating: 0)
        var count = 0
        for index in words.indices {
            var word = words[index]
            while word != 0 {
                batch[count & 127] = UInt32(index << 6 + word.trailingZeroBitCount)
                count &+= 1
                word &= word &- 1
            }
        }
        blackHole(batch[0])
        blackHole(count)
    }
}

private func packets() {
    var header = PacketHeader()
    header.normalPageCount = 100
    header.zeroPageCount = 28
    header.payloadByteCount = 100 << 12
    header.block = BlockName("ram")
    for index in 0..<128 { header.pages[index] = UInt32(index * 3) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PacketHeader.byteCount, alignment: 64)
    let sample = header
    Benchmark("packets: encode a header") { _ in
        var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
        sample.encode(into: &output)
        blackHole(output.finalize(for: buffer))
    }
    var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
    header.encode(into: &output)
    _ = output.finalize(for: buffer)
    Benchmark("packets: decode a header") { _ in
        blackHole(try PacketHeader(decoding: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(buffer))))
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: PacketHeader.byteCount, alignment: 64)
    Benchmark("packets: memcpy of a header") { _ in
        copy.copyMemory(from: UnsafeRawBufferPointer(buffer))
        blackHole(copy)
    }
    let pages = Pages.mixed
    Benchmark("packets: checksum of a payload") { _ in
        blackHole(Checksum.of(memory: pages.span))
    }
}

private func limiter() {
    let patience = Patience(limit: .seconds(60))
    Benchmark("limiter: reading the clock") { _ in
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        blackHole(now.tv_nsec)
    }
    let off = BandwidthLimiter(bytesPerSecond: 0)
    Benchmark("limiter: off") { _ in blackHole(try off.wait(for: Pages.byteCount, patience: patience)) }
    // So fast that nobody ever waits: what is left is the price of asking.
    let on = BandwidthLimiter(bytesPerSecond: 1 << 50)
    Benchmark("limiter: on, never waiting") { _ in blackHole(try on.wait(for: Pages.byteCount, patience: patience)) }
}
