import Foundation
import Multifd
import MultifdCLI
import Testing

@Suite struct MigrationTests {
    /// Starts a destination on a port of its own.
    private func receive(_ arguments: String...) throws -> (destination: CommandRun, uri: String) {
        let destination = try CommandRun(["receive", "tcp:127.0.0.1:0"] + arguments)
        let line = try destination.nextOutputLine()
        #expect(line.hasPrefix("listening on tcp:127.0.0.1:"))
        return (destination, String(line.dropFirst("listening on ".count)))
    }

    @Test(arguments: MultifdCompression.allCases)
    func `an image arrives in a file, byte for byte, and pipes stay quiet`(codec: MultifdCompression) throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 1000)
        let (destination, uri) = try receive("--output", directory.path("copy"))
        let sent = try CommandRun.result("send", image, uri, "--multifd-compression", codec.rawValue)
        let received = try destination.result()
        #expect(sent.exitCode == 0)
        #expect(sent.output + sent.error == "")
        #expect(received.exitCode == 0)
        #expect(received.output + received.error == "")
        #expect(try directory.names == ["copy", "image"])
        #expect(try directory.contents("copy") == directory.contents("image"))
    }

    /// A guest of so many blocks needs more than twice as many descriptors at the source, and in a file at the destination.
    @Test func `a directory of more images than a shell's limit of descriptors allows arrives`() throws {
        let directory = try TemporaryDirectory()
        let images = try TemporaryDirectory()
        for number in 100..<300 { _ = try images.makeImage("\(number)", pageCount: 2) }
        let lowLimit = #"ulimit -Sn 150; exec "$@""#
        let destination = try CommandRun(
            ["receive", "tcp:127.0.0.1:0", "--output", directory.path("copy")], by: lowLimit)
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        let sent = try CommandRun(["send", images.path("."), uri], by: lowLimit).result()
        #expect(sent.error == "")
        #expect(sent.exitCode == 0)
        // One that failed would leave the destination waiting.
        if sent.exitCode != 0 { destination.send(SIGTERM) }
        #expect(try destination.result().error == "")
        #expect(try directory.contents("copy") == (100..<300).map { try images.contents("\($0)") }.reduce(Data(), +))
    }

    @Test func `a source without descriptors for its channels says what to allow`() throws {
        let directory = try TemporaryDirectory()
        let (destination, uri) = try receive()
        let image = try directory.makeImage("image", pageCount: 2)
        let sent = try CommandRun(
            ["send", image, uri, "--multifd-channels", "200"], by: #"ulimit -n 60; exec "$@""#
        ).result()
        #expect(sent.error.hasSuffix("Too many open files; allow more descriptors (ulimit -n)\n"))
        #expect(sent.exitCode == 1)
        #expect(try destination.result().exitCode == 1)
    }

    @Test func `a destination without descriptors for its channels says what to allow, at both ends`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 2)
        let destination = try CommandRun(["receive", "tcp:127.0.0.1:0"], by: #"ulimit -n 40; exec "$@""#)
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        let sent = try CommandRun.result("send", image, uri, "--multifd-channels", "100")
        let received = try destination.result()
        for end in [sent, received] {
            #expect(end.error.hasSuffix("Too many open files; allow more descriptors (ulimit -n)\n"), "\(end.error)")
            #expect(end.exitCode == 1)
        }
    }

    @Test func `both ends print one document that says the same`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 1000)
        let socket = "unix:\(directory.path("socket"))"
        let destination = try CommandRun(["receive", socket, "--json"])
        try directory.waitForFiles(count: 2)
        let sent = try CommandRun.result("send", image, socket, "--json", "--verify-memory")
        let received = try destination.result()
        let source = try JSONDecoder().decode(MigrationInfo.self, from: Data(sent.output.utf8))
        let sink = try JSONDecoder().decode(MigrationInfo.self, from: Data(received.output.utf8))
        for info in [source, sink] {
            #expect(info.status == .completed)
            #expect(info.verified)
            #expect(info.ram.total == 1000 * Page.byteCount)
            #expect(info.ram.remaining == 0)
            #expect(info.channels.count == 2)
            #expect(info.channels.reduce(0) { $0 + $1.normal } == 666)
        }
        #expect(source.iterations.count == 1)
        // The rest is no matter of the destination's, which is not told it.
        let document = try JSONSerialization.jsonObject(with: Data(received.output.utf8)) as? [String: Any]
        let parameters = try #require(document?["parameters"] as? [String: Any])
        #expect(parameters.keys.sorted() == ["multifd-channels", "multifd-compression", "verify-memory", "xbzrle"])
        #expect(parameters["verify-memory"] as? Bool == true)
    }

    /// As soon as it says that it listens.
    @Test(arguments: 1...5)
    func `a destination that is ended at once removes its socket and prints its document`(run: Int) throws {
        let directory = try TemporaryDirectory()
        let destination = try CommandRun(
            ["receive", "unix:\(directory.path("socket"))", "--record", directory.path("guest"), "--json"],
            by: #"exec "$@" 2>&1"#)
        #expect(try destination.nextOutputLine().hasPrefix("listening on"))
        destination.send(SIGTERM)
        let received = try destination.result()
        #expect(received.exitCode == 1)
        #expect(received.output.contains(#""status" : "cancelled""#))
        #expect(try directory.names == [])
    }

    /// As QEMU's socket is to all but the first client: it lets them in, and does not greet.
    @Test func `a save that waits for QEMU is ended at once`() throws {
        let directory = try TemporaryDirectory()
        let socket = try Listener(on: .unix(path: directory.path("qmp")))
        let save = try CommandRun(["qemu", "save", directory.path("guest"), "--qmp", "\(socket.uri)", "--json"])
        let connection = try socket.accept(within: .seconds(30))
        save.send(SIGINT)
        let saved = try save.result()
        #expect(connection != nil)
        #expect(saved.exitCode == 1)
        #expect(saved.error == "multifd: the migration was cancelled\n")
        let info = try JSONDecoder().decode(MigrationInfo.self, from: Data(saved.output.utf8))
        #expect(info.status == .cancelled)
        #expect(info.errorDescription == "the migration was cancelled")
        #expect(try directory.names == ["qmp"])
    }

    @Test func `a source whose report cannot be written says that the guest is gone, and exits with 3`() throws {
        let directory = try TemporaryDirectory()
        let (destination, uri) = try receive("--output", directory.path("copy"))
        let image = try directory.makeImage("image", pageCount: 10)
        let sent = try CommandRun(["send", image, uri, "--json"], by: #"exec "$@" > /dev/full"#).result()
        #expect(try destination.result().exitCode == 0)
        #expect(sent.exitCode == 3)
        #expect(
            sent.error == "multifd: the migration is complete, but its report is lost: cannot write the file "
                + "'/dev/stdout': No space left on device\n")
    }

    @Test func `a guest runs on at its destination although the report cannot be written`() throws {
        let directory = try TemporaryDirectory()
        let socket = "unix:\(directory.path("socket"))"
        let destination = try CommandRun(["receive", socket, "--run", "--json"], by: #"exec "$@" > /dev/full"#)
        try directory.waitForFiles(count: 1)
        let sent = try CommandRun.result("send", "workload:idle,ram=1MiB", socket)
        #expect(sent.exitCode == 0)
        usleep(300_000)
        #expect(kill(destination.identifier, 0) == 0)
        destination.send(SIGTERM)
        let received = try destination.result()
        #expect(received.exitCode == 3)
        #expect(received.error.contains("multifd: the migration is complete, but its report is lost: "))
    }

    @Test func `a failure is told although its report cannot be written`() throws {
        let arguments = ["send", "/nowhere/image", "tcp:127.0.0.1:1", "--json"]
        let run = try CommandRun(arguments, by: #"exec "$@" > /dev/full"#).result()
        #expect(run.exitCode == 1)
        #expect(run.error.hasSuffix("multifd: cannot open the image '/nowhere/image': No such file or directory\n"))
    }

    @Test func `the demo proves that a running guest loses nothing`() throws {
        let demo = try CommandRun.result(
            "demo", "--guest", "workload:mixed,ram=32MiB,vcpus=2,working-set=4MiB,rate=20MB/s")
        #expect(demo.exitCode == 0)
        #expect(demo.error == "")
        #expect(demo.output.matches(of: /identical/).count == 2)
        #expect(!demo.output.contains("DIFFERENT"))
    }

    @Test func `the demo's document has the proof beside what every migration's has`() throws {
        let demo = try CommandRun.result("demo", "--guest", "workload:idle,ram=4MiB", "--json")
        let data = Data(demo.output.utf8)
        let migration = try JSONDecoder().decode(MigrationDocument.self, from: data)
        #expect(migration.info.status == .completed && migration.process.peakMemory > 0)
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        #expect(document?["proof"] is [String: Any])
    }

    @Test func `a source that fails before it begins says so in the document too`() throws {
        let run = try CommandRun.result("send", "/nowhere/image", "tcp:127.0.0.1:1", "--json")
        #expect(run.exitCode == 1)
        #expect(run.error == "multifd: cannot open the image '/nowhere/image': No such file or directory\n")
        let info = try JSONDecoder().decode(MigrationInfo.self, from: Data(run.output.utf8))
        #expect(info.status == .failed)
        #expect(info.errorDescription == "cannot open the image '/nowhere/image': No such file or directory")
    }

    @Test func `a port in use is refused in one sentence`() throws {
        let (destination, uri) = try receive()
        let second = try CommandRun.result("receive", uri)
        #expect(second.exitCode == 1)
        #expect(second.error.hasPrefix("multifd: "))
        #expect(second.error.contains(uri.dropFirst("tcp:".count)))
        #expect(second.error.split(separator: "\n").count == 1)
        destination.send(SIGTERM)
        #expect(try destination.result().exitCode == 1)
    }

    @Test func `a destination that is not there is told in one sentence`() throws {
        let run = try CommandRun.result("send", "workload:idle,ram=1MiB", "unix:/nowhere/socket")
        #expect(run.exitCode == 1)
        #expect(run.output == "")
        #expect(run.error.hasPrefix("multifd: "))
        #expect(run.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL])
    func `a source that is stopped half-way leaves no file`(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 2000)
        let (destination, uri) = try receive("--output", directory.path("copy"))
        // 8 MB at 1 MB/s: it cannot be done before the signal comes.
        let source = try CommandRun(["send", image, uri, "--max-bandwidth", "1MB/s"])
        try directory.waitForFiles(count: 2)
        source.send(signal)
        let sent = try source.result()
        let received = try destination.result()
        if signal != SIGKILL {
            #expect(sent.exitCode == 1)
            #expect(sent.error == "multifd: the migration was cancelled\n")
        }
        #expect(received.exitCode == 1)
        #expect(received.error.split(separator: "\n").count == 1)
        #expect(try directory.names == ["image"])
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `when the destination is stopped half-way the source fails with one sentence`(signal: Int32) throws {
        let (destination, uri) = try receive()
        let source = try CommandRun(["send", "workload:stress,ram=16MiB", uri, "--max-bandwidth", "1MB/s"])
        // Long enough for most runs to have begun; any phase will do.
        usleep(200_000)
        destination.send(signal)
        _ = try destination.result()
        let sent = try source.result()
        #expect(sent.exitCode == 1)
        #expect(sent.error.split(separator: "\n").count == 1)
        #expect(sent.error.hasSuffix("; the guest ran on at the source, and ends with this command\n"))
    }

    /// Whether this process may mount a file system, in a namespace of its own.
    static let canMount: Bool = {
        let attempt = Process()
        attempt.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        attempt.arguments = ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        attempt.standardError = FileHandle.nullDevice
        guard (try? attempt.run()) != nil else { return false }
        attempt.waitUntilExit()
        return attempt.terminationStatus == 0
    }()

    @Test(.enabled(if: canMount, "needs to mount a small file system"))
    func `when there is no more space both ends say so`() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.makeImage("image", pageCount: 2000)
        let destination = try CommandRun(
            ["receive", "tcp:127.0.0.1:0", "--output", "/mnt/copy"],
            by:
                "exec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=1m tmpfs /mnt && exec \"$@\"' sh \"$@\""
        )
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        let sent = try CommandRun.result("send", image, uri)
        let received = try destination.result()
        #expect(sent.exitCode == 1)
        #expect(received.exitCode == 1)
        #expect(received.error == "multifd: cannot write '/mnt/copy': No space left on device\n")
        #expect(sent.error.contains("cannot write '/mnt/copy': No space left on device"), "\(sent.error)")
    }

    @Test func `a reader that goes away ends nobody`() throws {
        let (destination, uri) = try receive()
        // What it logs goes into a pipe that nobody reads any more.
        let source = try CommandRun(
            ["send", "workload:stress,ram=16MiB,rate=1MB/s", uri, "--log-level", "debug", "--json"],
            by: "(\"$@\") 2>&1 | sleep 0")
        _ = try source.result()
        let received = try destination.result()
        #expect(received.exitCode == 0, "\(received.error)")
    }
}
