import ArgumentParser
import Multifd

extension MultifdCommand {
    /// Another policy on the samples of a migration that was recorded.
    struct ThrottleReplay: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Tells what a policy would have decided on the samples of a migration.",
            discussion: """
                FILE is what `multifd send --auto-converge --record FILE` wrote. The samples are those of the migration as \
                it went: a policy that throttles earlier or harder would have seen a calmer guest. For that there is \
                `multifd simulate`.

                Examples:

                  multifd throttle replay run.samples --policy tailslow
                  multifd throttle replay run.samples --policy dynamic --cpu-throttle-initial 50
                """)

        @Argument(help: ArgumentHelp("The recording.", valueName: "file"))
        var file: String

        @OptionGroup(title: "Throttle")
        var policy: PolicyOptions

        @Flag(help: "Print one JSON document: an array as in 'throttle-decisions'.")
        var json = false

        func validate() throws {
            guard let name = policy.nameOfOneForSyncs else { return }
            throw ValidationError(
                "Parameter '\(name)' does nothing in a replay, whose samples are those of the syncs that there were: leave it out"
            )
        }

        func run() throws {
            let recording = try JSONDocument.read(
                ThrottleRecording.self, from: file, writtenBy: "multifd send --record")
            let parameters = try policy.parameters(defaults: recording.parameters)
            try parameters.validate()
            let decisions = recording.decisions(of: parameters)
            guard !json else { return try JSONDocument(decisions).print() }
            for decision in decisions { try StandardOutput.writeLine(decision.line) }
            let count = recording.samples.count
            try StandardOutput.writeLine(
                "\(parameters.policy.rawValue): \(decisions.count.counted("decision")) on \(count.counted("sample")), "
                    + "\(decisions.last?.to.rawValue ?? 0) % at the end")
        }
    }
}
