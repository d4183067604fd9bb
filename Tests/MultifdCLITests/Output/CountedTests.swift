import MultifdCLI
import Testing

@Suite struct CountedTests {
    @Test(arguments: [(0, "0 runs"), (1, "1 run"), (2, "2 runs")])
    func `one of something is not several`(count: Int, text: String) {
        #expect(count.counted("run") == text)
    }

    @Test func `a simulation that ends in its first iteration had one iteration`() throws {
        let result = try CommandRun.result("simulate", "--ram", "1TiB", "--timeout", "1")
        #expect(result.output.contains("sent in 1 iteration and"), "\(result.output)")
    }
}
