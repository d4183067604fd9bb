import Glibc
import Multifd
import SystemPackage

/// An image with content of all kinds, in runs of all lengths, and runs of zero pages between them.
struct SampleImage: Sendable {
    static let mixed = SampleImage()

    let bytes: [UInt8]
    /// Runs of pages that are not zero.
    let content: [Range<Int>]
    let pageCount = 2049  // no multiple of a batch

    var zeroPageCount: Int { pageCount - content.reduce(0) { $0 + $1.count } }

    private init() {
        var bytes = zeros(pageCount * Page.byteCount)
        var content: [Range<Int>] = []
        var generator = SeededGenerator(seed: 6)
        let samples = SampleContent.allCases.filter { $0 != .zeros }
        var page = 1
        while page < pageCount {
            let run = page..<min(page + Int.random(in: 1...300, using: &generator), pageCount)
            let sample = samples[content.count % samples.count]
            for index in run {
                // Even numbers, because every second page of half random content is zero.
                let from = sample.bytes(count: Page.byteCount, seed: UInt64(index * 2))
                bytes.replaceSubrange(index * Page.byteCount..<(index + 1) * Page.byteCount, with: from)
                bytes[index * Page.byteCount] = 1
            }
            content.append(run)
            page = run.upperBound + Int.random(in: 1...200, using: &generator)
        }
        self.bytes = bytes
        self.content = content
    }

    /// Makes a file of it.
    ///
    /// - Parameter isSparse: whether zero pages are to be holes.
    func write(to path: String, isSparse: Bool) throws {
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        defer { try? file.close() }
        guard ftruncate(file.rawValue, bytes.count) == 0 else { throw Errno(rawValue: errno) }
        for run in isSparse ? content : [0..<pageCount] {
            let range = run.lowerBound * Page.byteCount..<run.upperBound * Page.byteCount
            _ = try unsafe bytes[range].withUnsafeBytes { bytes in
                unsafe try file.writeAll(toAbsoluteOffset: Int64(range.lowerBound), bytes)
            }
        }
    }
}

/// The bytes of a file, and how much storage it takes.
func contents(ofFile path: String) throws -> (bytes: [UInt8], allocated: Int) {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    var bytes = zeros(Int(try file.seek(offset: 0, from: .end)))
    let count = try unsafe bytes.withUnsafeMutableBytes { unsafe try file.read(fromAbsoluteOffset: 0, into: $0) }
    guard count == bytes.count else { throw Errno.noData }
    return (bytes, try allocatedByteCount(of: file))
}
