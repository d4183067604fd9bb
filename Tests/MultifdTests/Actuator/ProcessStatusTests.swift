import Multifd
import Testing

@Suite struct ProcessStatusTests {
    @Test(arguments: [
        ("4711 (cat) S 4000 4711 4000 34816 4711 4194304 98 0 0 0 7 3 0 0", true),
        ("4712 (a) R (b) T 4000 4711 4000 34816 4711 4194304 98 0 0 0 7 3 0 0", true),
        ("4711 (cat) S 4000 4711 4000 34816 4000 4194304 98 0 0 0 7 3 0 0", false),
        ("4711 (daemon) S 1 4711 4711 0 -1 4194304 98 0 0 0 7 3 0 0", false),
    ]) func `the group that the terminal takes its input for is the foreground job`(text: String, isForeground: Bool)
        throws
    {
        let status = try #require(ProcessStatus(parsing: text))
        #expect(status.isInForeground == isForeground)
        #expect(status.cpuTime == .milliseconds(100))
    }

    @Test(arguments: ["", "4711 (cat) S", "4711 (cat) S 4000 4711 4000 34816 4711 4194304 98 0 0 0 x 3 0 0"])
    func `what is no status is none`(text: String) {
        #expect(ProcessStatus(parsing: text) == nil)
    }

    @Test func `a process that is not there has none`() {
        #expect(ProcessStatus(ofProcess: Int32.max) == nil)
    }
}
