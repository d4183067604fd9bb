/// Raw image files as a guest that never runs: one RAMBlock each, read from its file.
///
/// It has no dirty log, which says that its pages never change.
package final class ImageGuest: Guest {
    package let memory: GuestMemory
    private let files: [File]

    /// A box, because an array cannot hold a noncopyable file.
    private final class File: Sendable {
        let image: ImageFile
        init(_ image: consuming ImageFile) { self.image = image }
    }

    /// - Parameter paths: the images; their blocks are called `ram`, or `ram0`, `ram1`, ... if there are several.
    /// - Throws: ``GuestError`` or ``MemoryError``.
    package init(paths: [String]) throws {
        guard !paths.isEmpty else { throw GuestError.noImage }
        files = try paths.map { path throws(GuestError) in File(try ImageFile(path: path)) }
        memory = try GuestMemory(
            blocks: files.enumerated().map { index, file in
                try RAMBlock(
                    name: paths.count == 1 ? "ram" : "ram\(index)", byteCount: file.image.byteCount,
                    backing: .readOnlyFile(file.image.descriptor), path: file.image.path)
            })
    }

    package var dirtyLog: (any DirtyLog)? { nil }
    /// Empty: there is nothing to run.
    package var configuration: String { "" }
    package func pause() {}
    package func resume() {}
    package func setThrottle(_ percentage: ThrottlePercentage) {}
    package func saveDeviceState() -> [UInt8] { [] }

    /// Where the image has data. A hole is never touched: reading it through a mapping would allocate it on tmpfs.
    package func contentRanges(ofBlock block: Int) throws -> [Range<Int>] {
        try files[block].image.dataRanges()
    }
}
