extension Coordinator {
    /// Begins to keep a digest of the guest's memory, if it is to be verified.
    func beginDigest() throws(MigrationError) {
        guard features.contains(.memoryDigest) else { return }
        do { digest = try IncrementalDigest(of: guest.memory) } catch { throw .memory(error) }
    }

    /// Has both ends hash all memory while the guest runs and no page is on its way. What the guest writes meanwhile is
    /// dirty and will be sent, so it will be hashed again.
    func hashAhead() throws(MigrationError) {
        guard digest != nil, guest.dirtyLog != nil else { return }
        try send(.hashAhead)
        try updateDigest()
        try awaitReply("hashed") { $0 == .hashed }
    }

    /// Hashes what was touched since it was hashed last.
    func updateDigest() throws(MigrationError) {
        guard let digest else { return }
        // Of a guest that runs, only the start of the dirty log knows where it had not written yet.
        let content = guest.dirtyLog == nil ? try contentRanges() : guest.memory.blocks.map { [0..<$0.pageCount] }
        try working { () throws(MigrationError) in
            do throws(MemoryError) { try digest.update(content: content) } catch { throw .memory(error) }
        }
    }
}
