import Glibc
import Testing

@testable import Multifd

struct GatherListTests {
    /// Collects what a system call would have moved, at most `most` bytes a call.
    private func transfer(_ list: inout GatherList, upTo limit: Int, most: Int, _ moved: inout [UInt8]) -> Int {
        var bytes: [UInt8] = []
        let count = unsafe list.transfer(upTo: limit) { header in
            var offered = 0
            for index in 0..<(unsafe Int(header.msg_iovlen)) {
                let vector = unsafe header.msg_iov[index]
                offered += unsafe vector.iov_len
                unsafe bytes += Array(UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len))
            }
            #expect(offered <= limit)
            return min(most, offered)
        }
        moved += bytes.prefix(max(0, count))
        return count
    }

    @Test func `any sequence of partial transfers moves every byte once, in order`() throws {
        var generator = SeededGenerator(seed: 8)
        let memory = try ScratchMemory(byteCount: 1 << 16)
        for index in 0..<memory.byteCount {
            unsafe memory.start.storeBytes(
                of: UInt8(truncatingIfNeeded: index &* 7 &+ index >> 8), toByteOffset: index, as: UInt8.self)
        }
        for _ in 0..<500 {
            var list = GatherList(capacity: 16)
            var expected: [UInt8] = []
            for _ in 0..<Int.random(in: 1...16, using: &generator) {
                let start = Int.random(in: 0..<memory.byteCount, using: &generator)
                let count = Int.random(in: 0...min(300, memory.byteCount - start), using: &generator)
                unsafe list.append(memory.start + start, count)
                unsafe expected += Array(UnsafeRawBufferPointer(start: memory.start + start, count: count))
            }
            #expect(list.byteCount == expected.count)
            var moved: [UInt8] = []
            while list.byteCount > 0 {
                let limit = Int.random(in: 1...list.byteCount, using: &generator)
                let most = Int.random(in: 1...400, using: &generator)
                #expect(transfer(&list, upTo: limit, most: most, &moved) > 0)
            }
            #expect(moved == expected)
        }
    }

    @Test func `neighbours are joined, so that they take one place`() throws {
        let memory = try ScratchMemory(byteCount: 4096)
        var list = GatherList(capacity: 1)
        for index in 0..<64 { unsafe list.append(memory.start + index * 64, 64) }
        #expect(list.byteCount == 4096)
    }

    @Test func `a call that fails moves nothing`() throws {
        let memory = try ScratchMemory(byteCount: 4096)
        var list = GatherList(capacity: 2)
        unsafe list.append(memory.start, 100)
        var moved: [UInt8] = []
        #expect(transfer(&list, upTo: 60, most: -1, &moved) == -1)
        #expect(list.byteCount == 100)
        #expect(transfer(&list, upTo: 100, most: 100, &moved) == 100)
        #expect(moved.count == 100)
    }
}
