extension RAMBlock {
    /// Copies pages out of a block that nobody writes: an image, or a guest that is paused.
    ///
    /// - Parameter buffer: room for all of `pages`.
    @unsafe
    package func read(_ pages: Range<Int>, into buffer: UnsafeMutableRawPointer) throws(MemoryError) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= pageCount)
        let byteCount = pages.count << Page.shift
        if isFile {
            unsafe try file?.read(byteCount, at: pages.lowerBound << Page.shift, into: buffer)
        } else {
            unsafe buffer.copyMemory(from: start + pages.lowerBound << Page.shift, byteCount: byteCount)
        }
    }

    /// Whether a page is all zero. One that is written to meanwhile is dirty, and told again.
    package func isZero(page: Int) throws(MemoryError) -> Bool {
        guard isFile else { return unsafe GuestPages.isZero(address(ofPage: page)) }
        // Read and not looked at through the mapping, for the reasons of BlockFile.
        return try unsafe withUnsafeTemporaryAllocation(byteCount: Page.byteCount, alignment: Page.byteCount) { copy in
            Result { () throws(MemoryError) in
                guard let start = copy.baseAddress else { return false }
                unsafe try read(page..<page + 1, into: start)
                return unsafe GuestPages.isZero(start)
            }
        }.get()
    }

    /// Writes whole pages.
    ///
    /// - Parameter buffer: the content of all of `pages`.
    @unsafe
    package func write(_ pages: Range<Int>, from buffer: UnsafeRawPointer) throws(MemoryError) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= pageCount)
        let byteCount = pages.count << Page.shift
        if isFile {
            unsafe try file?.write(byteCount, at: pages.lowerBound << Page.shift, from: buffer)
        } else {
            unsafe (start + pages.lowerBound << Page.shift).copyMemory(from: buffer, byteCount: byteCount)
        }
    }

    /// Has a block in a file written to the disk soon.
    func startWriteback() { file?.startWriteback(byteCount) }

    /// Makes pages zero. In a file they become a hole.
    package func clear(_ pages: Range<Int>) throws(MemoryError) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= pageCount)
        let byteCount = pages.count << Page.shift
        if isFile {
            try file?.clear(byteCount, at: pages.lowerBound << Page.shift)
        } else {
            // Safe: the pages lie within the block.
            unsafe (start + pages.lowerBound << Page.shift)
                .initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        }
    }
}
