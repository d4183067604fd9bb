import ArgumentParser

extension MultifdCommand {
    /// Only asks which benchmark: each is a command of its own.
    struct Bench: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Finds out which channels, codec and level pay on your data and link.",
            discussion: """
                Every run is a real migration between two processes on this machine, over TCP, with the memory compared at \
                both ends. Cases take turns, so that a machine whose speed drifts does so for all of them; medians are \
                shown.

                Examples:

                  multifd bench channels memory.raw
                  multifd bench compression memory.raw --link 1Gbit/s,10Gbit/s
                  multifd bench compression vm.snapshot
                  multifd bench compression replay:vm.recording,speed=sync
                  multifd bench compression workload:counter,ram=1GiB,rate=100MB/s
                  multifd bench matrix memory.raw --channels 2,4 --json all.json
                """,
            subcommands: [BenchChannels.self, BenchCompression.self, BenchMatrix.self])
    }
}
