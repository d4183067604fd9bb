import Multifd
import Testing

@Suite("Pages of guest memory")
struct GuestPagesTests {
    @Test("A copy equals its page and says whether it is zero, wherever the one byte is that is not")
    func copy() throws {
        let block = try RAMBlock(name: "ram", byteCount: Page.byteCount)
        let staging = CanaryBuffer(count: Page.byteCount)
        let target = unsafe try #require(unsafe staging.output.baseAddress)
        #expect(unsafe GuestPages.copy(block.start, to: target))
        #expect(unsafe GuestPages.isZero(block.start))
        for offset in 0..<Page.byteCount {
            for bit in [UInt8(0x01), 0x80] {
                unsafe block.start.storeBytes(of: bit, toByteOffset: offset, as: UInt8.self)
                #expect(unsafe !GuestPages.isZero(block.start))
                #expect(unsafe !GuestPages.copy(block.start, to: target))
                #expect(unsafe target.load(fromByteOffset: offset, as: UInt8.self) == bit)
            }
            unsafe block.start.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
        }
        #expect(staging.isIntactOutside)
        let content = SampleContent.random.bytes(count: Page.byteCount)
        unsafe block.start.copyMemory(from: content, byteCount: content.count)
        #expect(unsafe !GuestPages.copy(block.start, to: target))
        #expect(staging.bytes == content)
        #expect(staging.isIntactOutside)
    }

    @Test("A batch is staged without gaps, its pages told apart in their order")
    func stage() throws {
        let block = try RAMBlock(name: "ram", byteCount: 300 * Page.byteCount)
        var generator = SeededGenerator(seed: 2)
        for page in 0..<300 where Bool.random(using: &generator) {
            unsafe block.address(ofPage: page).storeBytes(
                of: UInt64(page + 1), toByteOffset: 8 * (page * 7 % 512), as: UInt64.self)
        }
        let pages = Array((0..<300).filter { $0 % 3 != 1 }.map(UInt32.init).shuffled(using: &generator).prefix(128))
        let staging = CanaryBuffer(count: pages.count * Page.byteCount)
        var zero: [UInt32] = []
        let normal = [UInt32](capacity: 128) { normal in
            zero = [UInt32](capacity: 128) { zero in
                unsafe GuestPages.stage(pages.span, of: block, into: staging.output, normal: &normal, zero: &zero)
            }
        }
        let isZero = { (page: UInt32) in unsafe GuestPages.isZero(block.address(ofPage: Int(page))) }
        #expect(normal == pages.filter { !isZero($0) })
        #expect(zero == pages.filter(isZero))
        #expect(!normal.isEmpty && !zero.isEmpty)
        let staged = staging.bytes
        for (index, page) in normal.enumerated() {
            let copy = staged[index * Page.byteCount..<(index + 1) * Page.byteCount]
            #expect(
                unsafe copy.elementsEqual(UnsafeRawBufferPointer(start: block.address(ofPage: Int(page)), count: 4096)))
        }
        #expect(staging.isIntactOutside)
    }
}
