import Multifd
import SystemPackage

/// A RAMBlock's file in a snapshot, open for reading.
final class MemoryFile: Sendable {
    let block: RAMBlock
    /// Where it may be anything but zero.
    let content: [Range<Int>]
    private static let pieceByteCount = 1 << 20

    init(_ file: String, in directory: String, name: String) throws(SnapshotError) {
        do {
            (block, content) = try Self.open("\(directory)/\(file)", name)
        } catch GuestError.image(let path, let operation, let errno) {
            throw .file(path: path, operation: operation, errno)
        } catch let error as MemoryError {
            throw SnapshotError(error, of: directory)
        } catch {
            throw .inconsistent(path: directory, problem: "\(error)")
        }
    }

    private static func open(_ path: String, _ name: String) throws -> (RAMBlock, [Range<Int>]) {
        let image = try ImageFile(path: path)
        // The block has a descriptor of its own.
        let block = try RAMBlock(
            name: name, byteCount: image.byteCount, backing: .readOnlyFile(image.descriptor), path: path)
        return (block, try image.dataRanges())
    }

    /// Pages that may be anything but zero.
    var contentPageCount: Int { content.reduce(0) { $0 + $1.count } }

    /// Hashes every page that is in no hole, for ``SnapshotBlock/hash``. Nil when it is not to go on.
    ///
    /// - Parameter goesOn: gets the pages that are next.
    func hashes(while goesOn: (Range<Int>) -> Bool) throws(MemoryError) -> PageHashes? {
        let hashes = try PageHashes(pageCount: block.pageCount)
        let buffer = try ScratchMemory(byteCount: Self.pieceByteCount)
        for range in content {
            for first in stride(from: range.lowerBound, to: range.upperBound, by: buffer.byteCount >> Page.shift) {
                let pages = first..<min(first + buffer.byteCount >> Page.shift, range.upperBound)
                guard goesOn(pages) else { return nil }
                // Safe: the buffer has room for the piece.
                unsafe try block.read(pages, into: buffer.start)
                unsafe hashes.set(pages, content: buffer.start)
            }
        }
        return hashes
    }
}
