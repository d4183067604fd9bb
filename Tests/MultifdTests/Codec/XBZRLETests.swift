import Multifd
import Testing

@Suite("Deltas")
struct XBZRLETests {
    typealias Bytes = [UInt8]

    /// Encodes in a buffer of exactly `capacity` bytes.
    static func encode(_ page: Bytes, against base: Bytes, capacity: Int = 4096) -> (XBZRLE.Encoded, Bytes) {
        // Guest memory, for the alignment of pages.
        let output = CanaryBuffer(count: capacity)
        let pages = CanaryBuffer(count: 2 * Page.byteCount)
        unsafe pages.output.copyBytes(from: base + page)
        var span = unsafe OutputRawSpan(buffer: output.output, initializedCount: 0)
        guard let start = unsafe pages.output.baseAddress else { return (.overflow, []) }
        let encoded = unsafe XBZRLE.encode(
            start + Page.byteCount, against: start, into: &span, maximumByteCount: capacity)
        let count = unsafe span.finalize(for: output.output)
        #expect(output.isIntactOutside)
        return (encoded, Bytes(output.bytes[..<count]))
    }

    /// Applies a delta to a page between canaries. Nil when it is refused.
    static func decode(_ delta: Bytes, onto base: Bytes) -> Bytes? {
        let page = CanaryBuffer(count: Page.byteCount)
        unsafe page.output.copyBytes(from: base)
        defer { #expect(page.isIntactOutside) }
        guard let start = unsafe page.output.baseAddress else { return nil }
        do {
            try unsafe XBZRLE.decode(delta.span.bytes, into: start)
            return page.bytes
        } catch {
            return nil
        }
    }

    static let zeros = Bytes(repeating: 0, count: 4096)

    static func page(_ changes: [Int: UInt8], on base: Bytes = zeros) -> Bytes {
        var page = base
        for (offset, byte) in changes { page[offset] = byte }
        return page
    }

    @Test(
        "QEMU's encoder gives the same bytes",
        arguments: [
            ([0: 1], [0x00, 0x01, 0x01]),
            ([4095: 7], [0xFF, 0x1F, 0x01, 0x07]),
            ([130: 0xAA, 131: 0xBB], [0x82, 0x01, 0x02, 0xAA, 0xBB]),
            ([0: 1, 1: 2, 2: 3, 200: 9], [0x00, 0x03, 0x01, 0x02, 0x03, 0xC5, 0x01, 0x01, 0x09]),
        ] as [([Int: UInt8], Bytes)])
    func vectors(changes: [Int: UInt8], delta: Bytes) {
        let page = Self.page(changes)
        #expect(Self.encode(page, against: Self.zeros) == (.delta(byteCount: delta.count), delta))
        #expect(Self.decode(delta, onto: Self.zeros) == page)
    }

    @Test("All bytes changed overflows; none changed is unchanged")
    func extremes() {
        #expect(Self.encode(Bytes(repeating: 0xFF, count: 4096), against: Self.zeros) == (.overflow, []))
        #expect(Self.encode(Self.zeros, against: Self.zeros) == (.unchanged, []))
        #expect(Self.decode([], onto: Self.zeros) == Self.zeros)
    }

    @Test("A change at any place, of any length up to across three lines, is found exactly")
    func everyPlace() {
        let base = SampleContent.random.bytes(count: 4096)
        for start in 0..<4096 {
            for length in [1, 2, 63 + start % 3, 130] where start + length <= 4096 {
                var page = base
                for offset in start..<start + length { page[offset] ^= 0x5A }
                let (encoded, delta) = Self.encode(page, against: base)
                #expect((encoded, delta) == Reference.encode(page, against: base, capacity: 4096))
            }
        }
    }

    @Test("The encoder equals a plain one byte for byte, with whatever room")
    func likeReference() {
        var generator = SeededGenerator(seed: 21)
        for round in 0..<3000 {
            let base = SampleContent.random.bytes(count: 4096, seed: UInt64(round))
            var page = base
            // From few long runs to thousands of short ones, so that overflow comes at every kind of place.
            let changes = [1, 8, 64, 300, 900, 2000][round % 6]
            for _ in 0..<changes {
                let start = Int.random(in: 0..<4096, using: &generator)
                let length = min(Int.random(in: 1...(8000 / changes + 1), using: &generator), 4096 - start)
                for offset in start..<start + length { page[offset] = UInt8.random(in: 0...255, using: &generator) }
            }
            let whole = Reference.encode(page, against: base, capacity: 1 << 20).1.count
            for capacity in [4096, 4095, max(whole - 1, 0), whole, whole + 1, whole + 2] where capacity <= 4096 {
                let expected = Reference.encode(page, against: base, capacity: capacity)
                let found = Self.encode(page, against: base, capacity: capacity)
                #expect(found == expected)
                if case .delta = found.0 { #expect(Self.decode(found.1, onto: base) == page) }
            }
        }
    }

    @Test("The decoder accepts and refuses like a plain one, and never writes outside the page")
    func randomInputs() {
        var generator = SeededGenerator(seed: 8)
        let base = SampleContent.text.bytes(count: 4096)
        var accepted = 0
        for _ in 0..<40_000 {
            // Mostly small numbers, so that many inputs get past the first run.
            let delta = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                switch Int.random(in: 0...9, using: &generator) {
                case 0: UInt8.random(in: 0...255, using: &generator)
                case 1: UInt8.random(in: 0x80...0xFF, using: &generator)
                default: UInt8.random(in: 0...6, using: &generator)
                }
            }
            let expected = Reference.decode(delta, onto: base)
            #expect(Self.decode(delta, onto: base) == expected, "\(delta)")
            accepted += expected == nil ? 0 : 1
        }
        #expect(accepted > 1000)
    }

    @Test("A delta cut anywhere is refused, or ends at a whole run")
    func truncated() {
        var page = Self.zeros
        for offset in stride(from: 3, to: 4096, by: 150) { page[offset] = 1; page[offset + 1] = 2 }
        let delta = Self.encode(page, against: Self.zeros).1
        for length in 0..<delta.count {
            let cut = Bytes(delta[..<length])
            #expect(Self.decode(cut, onto: Self.zeros) == Reference.decode(cut, onto: Self.zeros))
        }
    }

    @Test(
        "Each rule of the format has its refusal",
        arguments: [
            ([0x00], .truncated, 0),
            ([0x05, 0x01], .truncated, 1),
            ([0x05, 0x02, 0xAA], .truncated, 2),
            ([0x05, 0x00, 0x00], .emptyRun, 2),
            ([0x05, 0x01, 0xAA, 0x00, 0x01, 0xBB], .emptyRun, 4),
            ([0xFF, 0x1F, 0x02, 0x01, 0x02], .beyondPage, 3),
            ([0x81, 0x20, 0x01, 0x01], .beyondPage, 2),
            ([0x80, 0x80, 0x01, 0x01], .invalidLength, 1),
            ([0x00, 0x80, 0x80, 0x01], .invalidLength, 2),
        ] as [(Bytes, XBZRLE.Defect, Int)])
    func refusals(delta: Bytes, defect: XBZRLE.Defect, byteOffset: Int) {
        var page = Self.zeros
        unsafe page.withUnsafeMutableBytes { page in
            guard let start = page.baseAddress else { return }
            #expect(throws: CodecError.invalidDelta(byteOffset: byteOffset, defect)) {
                try unsafe XBZRLE.decode(delta.span.bytes, into: start)
            }
        }
    }

    @Test("A length of two bytes may be small")
    func overlongLength() {
        #expect(Self.decode([0x80, 0x00, 0x81, 0x00, 0x09], onto: Self.zeros) == Self.page([0: 9]))
    }

    /// The format's rules written down plainly.
    enum Reference {
        static func encode(_ page: Bytes, against base: Bytes, capacity: Int) -> (XBZRLE.Encoded, Bytes) {
            var delta: Bytes = []
            func put(_ length: Int) {
                if length < 0x80 {
                    delta.append(UInt8(length))
                } else {
                    delta += [UInt8(0x80 | length & 0x7F), UInt8(length >> 7)]
                }
            }
            var position = 0
            while position < 4096 {
                guard capacity - delta.count >= 2 else { return (.overflow, []) }
                var start = position
                while start < 4096, page[start] == base[start] { start += 1 }
                if start == 4096 { break }
                put(start - position)
                guard capacity - delta.count >= 2 else { return (.overflow, []) }
                var end = start
                while end < 4096, page[end] != base[end] { end += 1 }
                put(end - start)
                guard capacity - delta.count >= end - start else { return (.overflow, []) }
                delta += page[start..<end]
                position = end
            }
            return page == base ? (.unchanged, []) : (.delta(byteCount: delta.count), delta)
        }

        static func decode(_ input: Bytes, onto base: Bytes) -> Bytes? {
            var page = base
            var i = 0
            var d = 0
            func length() -> Int? {
                let low = Int(input[i])
                i += 1
                if low < 0x80 { return low }
                let high = Int(input[i])
                i += 1
                return high < 0x80 ? low & 0x7F | high << 7 : nil
            }
            while i < input.count {
                let isFirst = i == 0
                guard input.count - i >= 2, let z = length(), z > 0 || isFirst else { return nil }
                d += z
                guard d <= 4096, input.count - i >= 2, let m = length() else { return nil }
                guard m > 0, d + m <= 4096, i + m <= input.count else { return nil }
                page.replaceSubrange(d..<d + m, with: input[i..<i + m])
                d += m
                i += m
            }
            return page
        }
    }
}
