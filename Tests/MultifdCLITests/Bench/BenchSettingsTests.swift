import Foundation
import MultifdCLI
import Testing

@Suite struct BenchSettingsTests {
    private func settings(_ input: String, options: [String] = []) -> BenchSettings {
        BenchSettings(benchmark: "matrix", input: input, arguments: options, machine: BenchMachine())
    }

    /// A directory as `--record` makes it, as far as names go.
    private func makeRecording() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for name in ["manifest.json", "ram0", "recording.pages", "recording.index"] {
            try Data(name.utf8).write(to: URL(filePath: directory.path(name)))
        }
        return directory
    }

    @Test(arguments: ["", "replay:", "workload:idle,image="], ["manifest.json", "recording.index"])
    func `another file under the same name is another content`(prefix: String, changed: String) throws {
        let directory = try makeRecording()
        let isFile = prefix.hasSuffix("image=")
        let input = prefix + directory.path(isFile ? changed : "")
        let before = settings(input)
        #expect(before.difference(from: settings(input)) == nil)
        // Of the same size, a tenth of a second later.
        let path = directory.path(changed)
        let time = try #require(FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
        try FileManager.default.setAttributes(
            [.modificationDate: time.addingTimeInterval(0.1)], ofItemAtPath: path)
        let difference = try #require(settings(input).difference(from: before))
        #expect(difference.name == "content")
        #expect(difference.own != difference.other)
    }

    @Test func `a replay at another speed, and a recording with another file, are told apart`() throws {
        let directory = try makeRecording()
        let before = settings("replay:\(directory.path("")),speed=sync")
        #expect(before.difference(from: settings("replay:\(directory.path(""))"))?.name == "input")
        try Data().write(to: URL(filePath: directory.path("ram1")))
        #expect(settings("replay:\(directory.path("")),speed=sync").difference(from: before)?.name == "content")
    }

    @Test func `what a benchmark wrote is read`() throws {
        let directory = try makeRecording()
        let before = settings("replay:\(directory.path(""))", options: ["--downtime-limit", "100"])
        let read = try JSONDecoder().decode(BenchSettings.self, from: JSONEncoder().encode(before))
        #expect(read.difference(from: before) == nil)
        #expect(settings("workload:idle").values["content"] == nil)
    }

    @Test func `two builds of one version are told apart`() throws {
        var machine = BenchMachine.current
        // Of this test's own file, which is no other program's.
        #expect(machine.build == BenchMachine.current.build)
        #expect(machine.build.count == 16)
        let before = BenchSettings(benchmark: "matrix", input: "image", arguments: [], machine: machine)
        machine.build = "0123456789abcdef"
        let after = BenchSettings(benchmark: "matrix", input: "image", arguments: [], machine: machine)
        let difference = try #require(after.difference(from: before))
        #expect(difference.name == "program")
        #expect(difference.own == "\(machine.version), build 0123456789abcdef")
    }
}
