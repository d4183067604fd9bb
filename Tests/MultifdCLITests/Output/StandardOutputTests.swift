import Testing

@Suite struct StandardOutputTests {
    @Test(arguments: [[], ["--json"], ["--all-policies"]])
    func `a full disk is told, and fails the command`(options: [String]) throws {
        let run = try CommandRun(["simulate"] + options, by: #"exec "$@" > /dev/full"#).result()
        #expect(run.exitCode == 1)
        #expect(run.error == "multifd: cannot write the file '/dev/stdout': No space left on device\n")
    }

    @Test func `a reader that has gone away is no failure`() throws {
        // The reading end is closed before the command begins.
        let run = try CommandRun(
            ["simulate"], by: #"{ sleep 0.2; "$@"; echo "$?" >&2; } | :"#
        ).result()
        #expect(run.error == "0\n")
    }
}
