import Glibc

/// Working memory of a channel, zero at first, allocated once.
@safe
package struct ScratchMemory: ~Copyable {
    private let mapping: MemoryMapping

    package var byteCount: Int { mapping.byteCount }
    package var start: UnsafeMutableRawPointer { unsafe mapping.start }

    /// - Parameter byteCount: rounded up to whole pages.
    package init(byteCount: Int) throws(MemoryError) {
        let rounded = Page.roundedUp(byteCount)
        do {
            mapping = try MemoryMapping(byteCount: rounded, backing: .smallPages)
        } catch {
            throw .mappingFailed(name: "a channel's buffer", byteCount: rounded, error)
        }
    }

    package var buffer: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }
}
