import Foundation
import Testing

@Suite struct InspectCommandTests {
    /// What a native source says of its guest may be anything.
    @Test func `a guest's configuration does nothing to the terminal`() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.makeImage("ram.raw", pageCount: 1)
        let manifest = #"""
            {"format": "multifd-snapshot", "version": 1, "created": "2026-02-03T04:05:06Z", "page-size": 4096,
             "ram-blocks": [{"name": "m", "size": 4096, "file": "ram.raw", "hash": "", "normal": 1, "duplicate": 0,
                             "never-sent": []}],
             "device-state": {"file": "device-state.bin", "size": 0, "hash": ""}, "configuration": "a\u001b[31m\nb"}
            """#
        try manifest.write(toFile: directory.path("manifest.json"), atomically: true, encoding: .utf8)
        let run = try CommandRun.result("inspect", directory.path("."), "--quick")
        #expect(run.exitCode == 0)
        #expect(run.output.contains(#"guest: a\u{1B}[31m\nb"#))
    }
}
