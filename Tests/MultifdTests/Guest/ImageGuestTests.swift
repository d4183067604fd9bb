import Glibc
import Multifd
import SystemPackage
import Testing

struct ImageGuestTests {
    @Test func `holes are left out, data is rounded outward to pages`() throws {
        let file = try TemporaryFile()
        try file.truncate(to: 1000 * Page.byteCount)
        try file.descriptor.writeAll(toAbsoluteOffset: Int64(10 * Page.byteCount + 100), [1])
        try file.descriptor.writeAll(toAbsoluteOffset: Int64(1000 * Page.byteCount - 1), [1])
        let guest = try ImageGuest(paths: [file.path])
        #expect(guest.dirtyLog == nil)
        #expect(try guest.contentRanges(ofBlock: 0) == [10..<11, 999..<1000])
        #expect(guest.memory.blocks[0].holdsZeros(page: 9))
    }

    @Test func `an image that is all hole has no content`() throws {
        let file = try TemporaryFile()
        try file.truncate(to: 16 * Page.byteCount)
        #expect(try ImageGuest(paths: [file.path]).contentRanges(ofBlock: 0) == [])
    }

    @Test func `several images are several blocks`() throws {
        let files = try [TemporaryFile(), TemporaryFile()]
        for (index, file) in files.enumerated() { try file.truncate(to: (index + 1) * Page.byteCount) }
        let guest = try ImageGuest(paths: files.map(\.path))
        #expect(guest.memory.blocks.map(\.name) == ["ram0", "ram1"])
        #expect(guest.memory.blocks.map(\.pageCount) == [1, 2])
    }

    @Test func `what cannot be an image is refused with its reason`() throws {
        func refusal(_ path: String) -> GuestError? {
            do {
                _ = try ImageGuest(paths: [path])
                return nil
            } catch {
                return error as? GuestError
            }
        }
        let file = try TemporaryFile()
        #expect(
            refusal("/nowhere/at/all") == .image(path: "/nowhere/at/all", operation: "open", .noSuchFileOrDirectory))
        #expect(refusal("/tmp") == .imageNotRegularFile(path: "/tmp", found: "a directory"))
        #expect(refusal("/dev/zero") == .imageNotRegularFile(path: "/dev/zero", found: "a device"))
        #expect(refusal(file.path) == .imageEmpty(path: file.path))
        try file.truncate(to: 5000)
        #expect(refusal(file.path) == .imageSize(path: file.path, byteCount: 5000))
        // Opening a FIFO without a writer must not wait for one.
        let fifo = file.path + "-fifo"
        try #require(unsafe mkfifo(fifo, 0o600) == 0)
        defer { _ = unsafe unlink(fifo) }
        #expect(refusal(fifo) == .imageNotRegularFile(path: fifo, found: "a FIFO"))
        #expect(throws: GuestError.noImage) { try ImageGuest(paths: []) }
    }
}
