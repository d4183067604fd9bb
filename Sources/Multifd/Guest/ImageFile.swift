import CLinux
import Glibc
package import SystemPackage

/// Owns an open raw image: a regular file that holds the content of RAM.
package struct ImageFile: ~Copyable {
    package let path: String
    package let byteCount: Int
    package let descriptor: FileDescriptor

    /// Opens an image for reading and checks that it can be one.
    package init(path: String) throws(GuestError) {
        let descriptor: FileDescriptor
        do {
            // Non-blocking, because opening a FIFO would wait for a writer before it could be refused.
            descriptor = try FileDescriptor.open(
                FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw .image(path: path, operation: "open", error as? Errno ?? .ioError)
        }
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else {
            let error = Errno(rawValue: errno)
            try? descriptor.close()
            throw .image(path: path, operation: "examine", error)
        }
        let byteCount = Int(status.st_size)
        if let error = Self.refusal(path: path, mode: status.st_mode, byteCount: byteCount) {
            try? descriptor.close()
            throw error
        }
        self.path = path
        self.byteCount = byteCount
        self.descriptor = descriptor
    }

    deinit {
        try? descriptor.close()
    }

    private static func refusal(path: String, mode: mode_t, byteCount: Int) -> GuestError? {
        switch mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: return .imageNotRegularFile(path: path, found: "a directory")
        case S_IFIFO: return .imageNotRegularFile(path: path, found: "a FIFO")
        case S_IFCHR, S_IFBLK: return .imageNotRegularFile(path: path, found: "a device")
        default: return .imageNotRegularFile(path: path, found: "a socket")
        }
        guard byteCount > 0 else { return .imageEmpty(path: path) }
        guard byteCount % Page.byteCount == 0 else { return .imageSize(path: path, byteCount: byteCount) }
        return nil
    }

    /// The pages in which the file has data, rounded outward; all others are holes, which read as zeros.
    package func dataRanges() throws(GuestError) -> [Range<Int>] {
        var status = stat()
        // Beyond its end a file that has shrunk would seem to be a hole.
        guard unsafe fstat(descriptor.rawValue, &status) == 0, status.st_size >= byteCount else {
            throw .image(path: path, operation: "read all of", .noData)
        }
        // A file that has storage for every byte has no holes. To find that out by lseek takes 10 ms a GiB.
        if status.st_blocks * 512 >= byteCount { return [0..<byteCount >> Page.shift] }
        var runs = PageRuns(smallestGap: 1)
        var offset = 0
        while offset < byteCount {
            let start = lseek(descriptor.rawValue, offset, CLinux_SEEK_DATA)
            if start < 0, errno == ENXIO { break }  // no data from here to the end
            let end = start < 0 ? start : lseek(descriptor.rawValue, start, CLinux_SEEK_HOLE)
            // A filesystem that cannot tell holes refuses with EINVAL: then all of it may be data.
            if start < 0 || end < 0 {
                guard errno == EINVAL else {
                    throw .image(path: path, operation: "find the data of", Errno(rawValue: errno))
                }
                return [0..<byteCount >> Page.shift]
            }
            let endPage = min((end + Page.byteCount - 1) >> Page.shift, byteCount >> Page.shift)
            runs.append(start >> Page.shift..<endPage)
            // A file that is being changed could name an empty extent; never stand still.
            offset = max(end, offset + 1)
        }
        return runs.runs
    }
}
