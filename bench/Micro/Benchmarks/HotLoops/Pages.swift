import Glibc
import Multifd

/// 128 pages in memory that is aligned to pages, with content that is the same in every run.
final class Pages: @unchecked Sendable {  // benchmarks run one after another
    static let count = 128
    static let byteCount = count * Page.byteCount
    let start: UnsafeMutableRawPointer

    init() {
        start = .allocate(byteCount: Self.byteCount, alignment: Page.byteCount)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount)
    }

    deinit { start.deallocate() }

    /// Half text-like, half noise: what zstd at level 1 makes about half of.
    static var mixed: Pages {
        let pages = Pages()
        var state: UInt64 = 7
        for offset in stride(from: 0, to: byteCount, by: 8) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = offset / Page.byteCount % 2 == 0 ? state : state >> 58 &* 0x0101_0101_0101_0101
            pages.start.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
        }
        return pages
    }

    static func copy(of other: Pages) -> Pages {
        let pages = Pages()
        pages.start.copyMemory(from: other.start, byteCount: byteCount)
        return pages
    }

    func page(_ index: Int) -> UnsafeMutableRawPointer { start + index * Page.byteCount }

    var span: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: Self.byteCount) }

    /// Changes bytes of every page: `runs` runs of `length` bytes, evenly spread, `shift` bytes off an aligned place.
    func change(runs: Int, length: Int, shift: Int = 0) {
        for index in 0..<Self.count {
            for run in 0..<runs {
                for byte in 0..<length {
                    let offset = min(run * Page.byteCount / runs + shift + byte, Page.byteCount - 1)
                    let old = page(index).load(fromByteOffset: offset, as: UInt8.self)
                    page(index).storeBytes(of: ~old, toByteOffset: offset, as: UInt8.self)
                }
            }
        }
    }

    /// Changes one byte at each of so many places of every page, the same in every run.
    func changeRandomly(places: Int) {
        var state: UInt64 = 11
        for index in 0..<Self.count {
            for _ in 0..<places {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                page(index).storeBytes(of: UInt8(state >> 40 & 255), toByteOffset: Int(state >> 52), as: UInt8.self)
            }
        }
    }
}
