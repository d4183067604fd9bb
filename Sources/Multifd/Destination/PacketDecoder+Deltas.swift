/// The deltas of a packet: after its normal pages, for each delta page a be16 length and as many bytes of ``XBZRLE``.
///
/// A delta's base is what the page holds. Every page has a base, also one that never came: that one is zeros, which a
/// source leaves out in the first iteration because the destination has them.
extension PacketDecoder {
    /// Where the delta pages stand among the packet's pages.
    var deltaIndices: Range<Int> { header.pageCount - header.deltaPageCount..<header.pageCount }

    /// Applies the packet's deltas to their pages: in place, or, in a file, to copies that are written back run by run.
    ///
    /// - Parameter deltas: `header.deltaByteCount` bytes from the peer.
    func apply(_ deltas: UnsafeRawPointer, to memory: RAMBlock) throws(PlacingError) {
        guard header.deltaPageCount > 0 else { return }
        do { unsafe try checkLengths(of: deltas) } catch { throw .deltas(error) }
        var next = unsafe deltas
        try header.pages.forEachRun(in: deltaIndices) { pages throws(PlacingError) in
            if memory.isFile {
                unsafe try applyToFile(&next, pages, of: memory)
            } else {
                // Within the block: the page numbers are checked.
                unsafe try apply(&next, to: memory.address(ofPage: pages.lowerBound), pages.count)
            }
        }
    }

    private func applyToFile(
        _ next: inout UnsafeRawPointer, _ pages: Range<Int>, of memory: RAMBlock
    ) throws(PlacingError) {
        do { unsafe try memory.read(pages, into: decoded.start) } catch { throw .memory(error) }
        unsafe try apply(&next, to: decoded.start, pages.count)
        do { unsafe try target.write(pages, ofBlock: block, from: decoded.start) } catch { throw .memory(error) }
    }

    /// Applies deltas to adjacent pages, and moves on to the next delta. Their lengths are checked.
    private func apply(
        _ next: inout UnsafeRawPointer, to start: UnsafeMutableRawPointer, _ pageCount: Int
    ) throws(PlacingError) {
        for index in 0..<pageCount {
            let byteCount = unsafe Self.length(at: next)
            let delta = unsafe RawSpan(_unsafeStart: next + 2, byteCount: byteCount)
            do { unsafe try XBZRLE.decode(delta, into: start + index << Page.shift) } catch { throw .codec(error) }
            unsafe next += 2 + byteCount
        }
    }

    /// Checks that there are as many deltas as pages for them, each smaller than a page, and nothing else.
    private func checkLengths(of deltas: UnsafeRawPointer) throws(WireError) {
        var offset = 0
        for index in 0..<header.deltaPageCount {
            let left = header.deltaByteCount - offset - 2
            let byteCount = left < 0 ? 0 : unsafe Self.length(at: deltas + offset)
            let allowed = 0...min(max(left, 0), XBZRLECache.maximumDeltaByteCount)
            guard left >= 0, allowed.contains(byteCount) else {
                throw .field(
                    what: "a packet", field: "the length of delta \(index)",
                    expected: "at most \(allowed.upperBound)",
                    found: left < 0 ? "beyond the deltas' end" : "\(byteCount)")
            }
            offset += 2 + byteCount
        }
        guard offset == header.deltaByteCount else {
            throw .field(
                what: "a packet", field: "the deltas' size", expected: "\(offset)", found: "\(header.deltaByteCount)")
        }
    }

    private static func length(at delta: UnsafeRawPointer) -> Int {
        Int(UInt16(bigEndian: unsafe delta.loadUnaligned(as: UInt16.self)))
    }
}
