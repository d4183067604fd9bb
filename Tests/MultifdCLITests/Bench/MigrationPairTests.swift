import Foundation
import Multifd
import MultifdCLI
import Testing

/// With a shell script in the place of both processes.
@Suite struct MigrationPairTests {
    @Test(arguments: [
        ("echo '{\"status\": 1}'", "the source's report cannot be decoded: "),
        ("echo 'out of memory' >&2", "the source ended without its report; the last it said was: out of memory"),
        ("true", "the source ended without its report; the last it said was: nothing"),
    ]) func `a report that is missing or no report is told`(send: String, sentence: String) throws {
        let directory = try TemporaryDirectory()
        let script = directory.path("multifd")
        let text = """
            #!/bin/sh
            case $1 in
            receive) echo 'listening on tcp:127.0.0.1:1' >&2 ;;
            send) \(send) ;;
            esac

            """
        try Data(text.utf8).write(to: URL(filePath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
        let pair = try MigrationPair(input: "image", lifeline: Lifeline(), executable: URL(filePath: script))
        let run = try pair.run(BenchCase(channels: 1, mode: BenchMode(.none)), round: 1)
        #expect(run.error?.hasPrefix(sentence) == true, "\(run.error ?? "")")
        #expect(run.figures == nil)
    }
}
