import Glibc

/// Working memory of a channel, allocated once.
@safe
package struct ScratchMemory: ~Copyable {
    private let mapping: MemoryMapping

    package var byteCount: Int { mapping.byteCount }
    package var start: UnsafeMutableRawPointer { unsafe mapping.start }

    /// - Parameters:
    ///   - byteCount: rounded up to whole pages.
    ///   - isTouched: whether to touch all of it at once, so that no packet meets a page fault.
    package init(byteCount: Int, isTouched: Bool = true) throws(MemoryError) {
        let rounded = (byteCount + Page.byteCount - 1) & ~(Page.byteCount - 1)
        do {
            mapping = try MemoryMapping(byteCount: rounded, backing: .anonymous)
        } catch {
            throw .mappingFailed(name: "a channel's buffer", byteCount: rounded, error)
        }
        if isTouched { unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: rounded) }
    }

    package var buffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }
}
