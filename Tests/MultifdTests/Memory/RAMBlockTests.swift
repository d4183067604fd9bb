import Glibc
import Multifd
import SystemPackage
import Testing

struct RAMBlockTests {
    enum Kind: CaseIterable { case memory, file, fileFromAnOffset, fileOfTmpfs, fileOfTmpfsFromAnOffset }

    static let pageCount = 10
    static let offset = 3 * Page.byteCount

    /// A block of ten pages, zero, and the file that holds it.
    private func make(_ kind: Kind) throws -> (RAMBlock, TemporaryFile?) {
        let byteCount = Self.pageCount * Page.byteCount
        guard kind != .memory else { return (try RAMBlock(name: "ram", byteCount: byteCount), nil) }
        let offset = kind == .fileFromAnOffset || kind == .fileOfTmpfsFromAnOffset ? Self.offset : 0
        let file = try TemporaryFile(in: kind == .file || kind == .fileFromAnOffset ? "/tmp" : "/dev/shm")
        try file.truncate(to: offset + byteCount + Page.byteCount)
        return (
            try RAMBlock(name: "ram", byteCount: byteCount, backing: .sharedFile(file.descriptor), offset: offset),
            file
        )
    }

    private func read(_ pages: Range<Int>, of block: RAMBlock) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: pages.count * Page.byteCount)
        // Safe: the buffer has room for the pages.
        try unsafe bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe try block.read(pages, into: start) }
        }
        return bytes
    }

    private func write(_ pages: Range<Int>, of block: RAMBlock, _ bytes: [UInt8]) throws {
        // Safe: there are as many bytes as the pages have.
        try unsafe bytes.withUnsafeBytes { buffer in
            if let start = buffer.baseAddress { unsafe try block.write(pages, from: start) }
        }
    }

    @Test(arguments: Kind.allCases)
    func `what is written is read back, and nothing else changes`(kind: Kind) throws {
        let (block, file) = try make(kind)
        var model = zeros(block.byteCount)
        for (seed, pages) in [0..<1, 9..<10, 3..<7, 5..<6, 0..<10].enumerated() {
            let bytes = SampleContent.random.bytes(count: pages.count * Page.byteCount, seed: UInt64(seed + 1))
            try write(pages, of: block, bytes)
            model = model.replacing(at: pages.lowerBound * Page.byteCount, with: bytes)
            #expect(try read(0..<Self.pageCount, of: block) == model)
            #expect(try read(2..<6, of: block) == Array(model[2 * Page.byteCount..<6 * Page.byteCount]))
        }
        // The mapping shows the same.
        #expect(block.bytes == model)
        withExtendedLifetime(file) {}
    }

    @Test(arguments: Kind.allCases)
    func `cleared pages are zero, their neighbours stay`(kind: Kind) throws {
        let (block, file) = try make(kind)
        let ones = [UInt8](repeating: 0xFF, count: block.byteCount)
        try write(0..<Self.pageCount, of: block, ones)
        try block.clear(4..<6)
        try block.clear(9..<10)
        let expected = ones.replacing(at: 4 * Page.byteCount, with: zeros(2 * Page.byteCount))
            .replacing(at: 9 * Page.byteCount, with: zeros(Page.byteCount))
        #expect(try read(0..<Self.pageCount, of: block) == expected)
        if let file {
            // The pages are holes: storage that is given back. The file keeps its size.
            #expect(try allocatedByteCount(of: file.descriptor) == 7 * Page.byteCount)
            #expect(try file.descriptor.seek(offset: 0, from: .end) >= block.byteCount + Page.byteCount)
        }
        try write(2..<8, of: block, Array(ones.prefix(6 * Page.byteCount)))
        #expect(try read(0..<9, of: block) == Array(ones.prefix(9 * Page.byteCount)))
    }

    @Test func `a file that shrinks is an error and not a signal`() throws {
        let (block, file) = try make(.file)
        try file?.truncate(to: 2 * Page.byteCount)
        #expect(throws: MemoryError.self) { try read(1..<3, of: block) }
    }

    @Test(arguments: [0, -4096, 1, 4095, 4097])
    func `a size that is no multiple of the page size is refused`(byteCount: Int) {
        #expect(throws: MemoryError.sizeNotPageMultiple(name: "ram", byteCount: byteCount)) {
            try RAMBlock(name: "ram", byteCount: byteCount)
        }
    }

    @Test(arguments: ["", "a\0b", String(repeating: "é", count: 128)])
    func `a name that no packet can carry is refused`(name: String) {
        let error = #expect(throws: MemoryError.invalidBlockName(name)) { try RAMBlock(name: name, byteCount: 4096) }
        #expect(error?.description.contains("NUL") == true)
        #expect(error?.description.utf8.contains(0) == false)
    }

    @Test func `memory that the kernel refuses is told with the block that it was for`() {
        let error = #expect(throws: MemoryError.self) { try RAMBlock(name: "huge", byteCount: 1 << 60) }
        #expect(error?.description.hasPrefix("cannot map 1152921504606846976 bytes for RAMBlock 'huge': ") == true)
    }

    @Test func `memory that begins inside a page is refused`() throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Page.byteCount, alignment: Page.byteCount)
        defer { unsafe memory.deallocate() }
        let misaligned = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[8..<8 + Page.byteCount])
        #expect(throws: MemoryError.misaligned(name: "ram")) {
            try unsafe RAMBlock(name: "ram", unsafeMemory: misaligned)
        }
    }

    @Test func `two blocks of one name are refused`() throws {
        let block = try RAMBlock(name: "ram", byteCount: 4096)
        let twin = try RAMBlock(name: "ram", byteCount: 8192)
        let error = #expect(throws: MemoryError.duplicateBlockName("ram")) { try GuestMemory(blocks: [block, twin]) }
        #expect(error?.description.hasPrefix("two RAMBlocks are named 'ram'") == true)
        #expect(throws: MemoryError.noBlocks) { try GuestMemory(blocks: []) }
    }
}

/// Bytes of storage that a file takes.
func allocatedByteCount(of descriptor: FileDescriptor) throws -> Int {
    var status = stat()
    guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    return Int(status.st_blocks) * 512
}
