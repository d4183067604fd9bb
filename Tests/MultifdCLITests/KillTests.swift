import Foundation
import Testing

/// `kill -9` of either end, sooner and later on the way of a guest that never stops writing.
@Suite(.serialized) struct KillTests {
    enum Victim: CaseIterable { case source, destination }

    @Test(arguments: Victim.allCases, [0, 20, 100, 300, 800])
    func `no file is left, and the guest runs on where it was`(victim: Victim, milliseconds: UInt32) throws {
        let directory = try TemporaryDirectory()
        let destination = try CommandRun(["receive", "tcp:127.0.0.1:0", "--output", directory.path("copy")])
        let uri = String(try destination.nextOutputLine().dropFirst("listening on ".count))
        // The whole working set in an iteration: at this rate it never fits into the downtime limit.
        let guest = "workload:stress,ram=16MiB,working-set=12MiB,rate=80MB/s"
        let source = try CommandRun(["send", guest, uri, "--max-bandwidth", "20MB/s", "--multifd-channels", "3"])
        // The file under its other name: the session stands.
        try directory.waitForFiles(count: 1)
        usleep(milliseconds * 1000)
        switch victim {
        case .source:
            source.send(SIGKILL)
            let received = try destination.result()
            #expect(received.exitCode == 1)
            #expect(received.error.split(separator: "\n").count == 1, "\(received.error)")
            #expect(try directory.names == [])
            _ = try source.result()
        case .destination:
            destination.send(SIGKILL)
            let sent = try source.result()
            #expect(sent.exitCode == 1)
            #expect(sent.error.split(separator: "\n").count == 1, "\(sent.error)")
            #expect(
                sent.error.hasSuffix("; the guest ran on at the source, and ends with this command\n"), "\(sent.error)")
            // Nobody was left to remove what was written under the other name.
            #expect(try !directory.names.contains("copy"))
            _ = try destination.result()
        }
    }
}
