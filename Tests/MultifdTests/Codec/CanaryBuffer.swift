import Glibc

/// Memory for output with a known pattern on both sides, to show that nothing outside is written.
@safe
final class CanaryBuffer {
    private static let margin = 4096
    private let memory: UnsafeMutableRawBufferPointer
    let count: Int

    init(count: Int) {
        self.count = count
        unsafe memory = .allocate(byteCount: count + 2 * Self.margin, alignment: 4096)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xC5)
    }

    deinit { unsafe memory.deallocate() }

    /// The part that may be written.
    var output: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[Self.margin..<Self.margin + count])
    }

    var bytes: [UInt8] { unsafe Array(output) }

    var isIntactOutside: Bool {
        unsafe isUntouched(0..<Self.margin) && isUntouched(Self.margin + count..<memory.count)
    }

    private func isUntouched(_ range: Range<Int>) -> Bool {
        guard let start = unsafe memory.baseAddress, range.count > 0 else { return true }
        // All bytes equal the first one: each equals its neighbour.
        return unsafe start.load(fromByteOffset: range.lowerBound, as: UInt8.self) == 0xC5
            && memcmp(start + range.lowerBound, start + range.lowerBound + 1, range.count - 1) == 0
    }
}
