import SystemPackage
import Testing

@testable import Multifd

private let canFillHoles: Bool = {
    guard let file = try? TemporaryFile(in: "/dev/shm"), (try? file.truncate(to: Page.byteCount)) != nil,
        HoleFiller(file.descriptor, offset: 0, byteCount: Page.byteCount) != nil
    else { return false }
    return true
}()

@Suite(.enabled(if: canFillHoles, "userfaultfd is refused here: holes are filled by write(2)"))
struct HoleFillerTests {
    private static let pageCount = 8

    private let file: TemporaryFile
    private let content = SampleContent.random.bytes(count: pageCount * Page.byteCount, seed: 1)

    init() throws {
        file = try TemporaryFile(in: "/dev/shm")
        try file.truncate(to: Self.pageCount * Page.byteCount)
    }

    private func makeFiller() throws -> HoleFiller {
        guard let filler = HoleFiller(file.descriptor, offset: 0, byteCount: Self.pageCount * Page.byteCount) else {
            throw Errno.notSupported
        }
        return filler
    }

    /// Fills some pages with the same pages of `content`.
    private func fill(_ pages: Range<Int>, with filler: borrowing HoleFiller) -> Int {
        // Safe: `content` has all pages.
        unsafe content.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe filler.fill(
                pages.count * Page.byteCount, at: pages.lowerBound * Page.byteCount,
                from: start + pages.lowerBound * Page.byteCount)
        }
    }

    private func read() throws -> [UInt8] {
        // Safe: the file is as long as the buffer.
        unsafe try [UInt8](unsafeUninitializedCapacity: Self.pageCount * Page.byteCount) { buffer, count in
            count = unsafe try file.descriptor.read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    @Test func `holes are filled, up to the first page that is there`() throws {
        let filler = try makeFiller()
        #expect(fill(3..<4, with: filler) == Page.byteCount)
        #expect(fill(0..<8, with: filler) == 3 * Page.byteCount)
        #expect(fill(3..<8, with: filler) == 0)
        #expect(fill(4..<8, with: filler) == 4 * Page.byteCount)
        #expect(try read() == content)
    }

    @Test func `what the file has no room for is left`() throws {
        let filler = try makeFiller()
        try file.truncate(to: 2 * Page.byteCount)
        #expect(fill(1..<8, with: filler) == Page.byteCount)
        #expect(fill(5..<6, with: filler) == 0)
    }
}
