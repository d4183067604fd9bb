import CLinux
import Glibc
import Multifd
import Synchronization
import SystemPackage

/// The file that pages of a recording are appended to, by several threads at once.
final class ContentFile: Sendable {
    private let path: String
    private let descriptor: FileDescriptor
    /// Of each page, by its place: whoever waits for the end need not read the file again. The first page is zeros.
    private let hashes = Mutex<[UInt64]>([0])

    /// - Parameter descriptor: of a file of one page of zeros; closed in the end.
    init(path: String, _ descriptor: FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// Pages in the file.
    var pageCount: Int { hashes.withLock(\.count) }

    /// What ``SnapshotRecording`` keeps of it.
    var hash: String { hashes.withLock { PageHashes.combine($0) } }

    /// See ``Writeback``.
    func startWriteback() { _ = CLinux_start_writeback(descriptor.rawValue, 0, Int64(pageCount << Page.shift)) }

    /// Appends pages. Returns the place of the first.
    func append(_ pages: UnsafeRawBufferPointer) throws(MemoryError) -> Int {
        let own = unsafe PageHashes.hashes(of: pages)
        let place = hashes.withLock { hashes in
            defer { hashes += own }
            return hashes.count
        }
        do {
            _ = unsafe try descriptor.writeAll(toAbsoluteOffset: Int64(place << Page.shift), pages)
        } catch {
            throw .file(path: path, operation: "write", error as? Errno ?? .ioError)
        }
        return place
    }

    /// Whether a page's content is that of a place.
    func holds(_ page: UnsafeRawPointer, at place: Int) throws(MemoryError) -> Bool {
        let result: Result<Bool, Errno> = unsafe withUnsafeTemporaryAllocation(
            byteCount: Page.byteCount, alignment: 16
        ) { buffer in
            do {
                let count = unsafe try descriptor.read(
                    fromAbsoluteOffset: Int64(place << Page.shift), into: buffer)
                guard count == Page.byteCount, let start = buffer.baseAddress else { return .failure(.noData) }
                return .success(unsafe memcmp(start, page, Page.byteCount) == 0)
            } catch {
                return .failure(error as? Errno ?? .ioError)
            }
        }
        do { return try result.get() } catch { throw .file(path: path, operation: "read", error) }
    }
}
