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
}
