import Glibc
import Multifd
import Testing

/// Memory images from file to file.
@Suite(.serialized) struct ImageMigrationTests {
    private let image = SampleImage.mixed

    private func makeImage(_ folder: TemporaryFolder, isSparse: Bool = true) throws -> String {
        let path = folder.path + "/image"
        try image.write(to: path, isSparse: isSparse)
        return path
    }

    @Test(arguments: MultifdCompression.allCases, [1, 2, 8])
    func `an image arrives byte for byte, and its zero pages as holes`(
        compression: MultifdCompression, channels: Int
    ) async throws {
        for isSparse in [false, true] {
            let folder = try TemporaryFolder()
            let path = try makeImage(folder, isSparse: isSparse)
            let output = folder.path + "/output"
            var parameters = MigrationParameters()
            parameters.multifdChannels = channels
            parameters.multifdCompression = compression
            parameters.verifyMemory = channels == 2
            let before = try contents(ofFile: path).allocated
            let report = try await migrate(
                ImageGuest(paths: [path]), to: ImageFileTarget(path: output), parameters)

            let arrived = try contents(ofFile: output)
            #expect(arrived.bytes == image.bytes)
            // The filesystem counts its own notes on where the pages are, too.
            let room = image.bytes.count - image.zeroPageCount * Page.byteCount + 16 * Page.byteCount
            #expect(arrived.allocated <= room)
            #expect(report.ram.duplicate == image.zeroPageCount)
            #expect(report.ram.normal == image.pageCount - image.zeroPageCount)
            #expect(try contents(ofFile: path).allocated == before, "holes of the image were filled")
            #expect(folder.contents == ["image", "output"])
        }
    }

    @Test(arguments: ZeroPageDetection.allCases, MultifdCompression.allCases)
    func `whoever looks for zero pages, memory arrives`(
        detection: ZeroPageDetection, compression: MultifdCompression
    ) async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder, isSparse: false)
        var parameters = MigrationParameters()
        parameters.zeroPageDetection = detection
        parameters.multifdCompression = compression
        parameters.verifyMemory = true
        let target = MemoryTarget()
        let report = try await migrate(ImageGuest(paths: [path]), to: target, parameters)
        #expect(try contents(of: #require(target.memory)) == image.bytes)
        #expect((report.ram.duplicate > 0) == (detection != .none))
    }

    @Test(arguments: [(MultifdCompression.zlib, [0, 1, 6, 9]), (.zstd, [-7, 0, 3, 20])])
    func `every level arrives`(compression: MultifdCompression, levels: [Int]) async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder)
        for level in levels {
            var parameters = MigrationParameters()
            parameters.multifdCompression = compression
            parameters.level = level
            let target = MemoryTarget()
            try await migrate(ImageGuest(paths: [path]), to: target, parameters)
            #expect(try contents(of: #require(target.memory)) == image.bytes, "level \(level)")
        }
    }

    @Test func `several images become one file, one after another`() async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder)
        let guest = try ImageGuest(paths: [path, path, path])
        let output = folder.path + "/output"
        try await migrate(guest, to: ImageFileTarget(path: output))
        #expect(try contents(ofFile: output).bytes == image.bytes + image.bytes + image.bytes)
    }

    @Test(arguments: ["unix:", "tcp:[::1]:0", "tcp:localhost:0"])
    func `any kind of address carries it`(uri: String) async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder)
        let target = MemoryTarget()
        try await migrate(
            ImageGuest(paths: [path]), to: target,
            over: uri == "unix:" ? "unix:\(folder.path)/socket" : uri)
        #expect(try contents(of: #require(target.memory)) == image.bytes)
    }

    @Test func `channels are spread over several paths`() async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder)
        let target = MemoryTarget()
        let destination = try MigrationDestination(
            listeningOn: MigrationURI(parsing: "tcp:0.0.0.0:0"), target: target, logger: silent)
        guard case .tcp(_, let port) = destination.uri else {
            Issue.record("\(destination.uri)")
            return
        }
        let paths = ["127.0.0.1", "127.0.0.2", "127.0.0.3"].map {
            MigrationPath(destination: .tcp(host: $0, port: port), localAddress: $0)
        }
        var parameters = MigrationParameters()
        parameters.multifdChannels = 4
        let source = try MigrationSource(
            guest: ImageGuest(paths: [path]), to: .tcp(host: "127.0.0.1", port: port), paths: paths,
            parameters: parameters, logger: silent)
        let received = destination.begin()
        try await source.run()
        let report = try await received.value.get()
        #expect(try contents(of: #require(target.memory)) == image.bytes)
        #expect(
            report.channels.map { $0.address.split(separator: ":").first }
                == ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1"])
    }

    @Test(arguments: [("127.0.0.1", "127.0.0.2:"), ("127.0.0.3", "127.0.0.1:")])
    func `the main channel starts from a path's local address only where the path leads to its own destination`(
        host: String, start: String
    ) async throws {
        let folder = try TemporaryFolder()
        let listener = try listen()
        guard case .tcp(_, let port) = listener.uri else {
            Issue.record("\(listener.uri)")
            return
        }
        var deadlines = Deadlines()
        deadlines.stall = .milliseconds(100)
        let source = try MigrationSource(
            guest: ImageGuest(paths: [makeImage(folder)]), to: listener.uri,
            paths: [MigrationPath(destination: .tcp(host: host, port: port), localAddress: "127.0.0.2")],
            deadlines: deadlines, logger: silent)
        // Nobody answers; what has come is still there.
        await #expect(throws: MigrationError.self) { try await source.run() }
        #expect(try listener.accept(within: .zero)?.peer.hasPrefix(start) == true)
    }

    @Test func `an image that shrinks meanwhile ends the migration with an error, and leaves no file`() async throws {
        let folder = try TemporaryFolder()
        let path = try makeImage(folder, isSparse: false)
        let guest = try ImageGuest(paths: [path])
        #expect(unsafe truncate(path, 100 * Page.byteCount) == 0)
        let error = await #expect(throws: MigrationError.self) {
            try await migrate(guest, to: ImageFileTarget(path: folder.path + "/output"))
        }
        #expect(error?.description.contains("read") == true)
        #expect(folder.contents == ["image"])
    }
}
