import SystemPackage

extension RAMBlock {
    /// The pages of an anonymous block that have memory of their own; all others read as zeros. A little too many is
    /// possible, too few is not. The whole block where the kernel does not tell.
    ///
    /// Of a block that a ``KernelDirtyLog`` watches, use its `populatedAtStart(ofBlock:)`: protected memory all looks
    /// populated here.
    func populatedRanges() -> [Range<Int>] {
        var populated = PageRuns()
        do throws(Errno) {
            var pageMap = try PageMap()
            try pageMap.scan(0..<pageCount, of: self, for: .populated) { run, _ in populated.append(run) }
        } catch {
            return [0..<pageCount]
        }
        return populated.runs
    }
}
