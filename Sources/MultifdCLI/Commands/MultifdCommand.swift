import ArgumentParser

/// `multifd`: the subcommands and what they have in common.
struct MultifdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "multifd",
        abstract: "Moves the memory of a running guest to another process or host, over several channels.",
        discussion: """
            Both ends are this program. Start the destination, then the source; the source says how to migrate:

              multifd receive tcp::7000 --run
              multifd send workload:stress,ram=2GiB,rate=50MB/s tcp:otherhost:7000 \\
                --multifd-channels 4

            To see all of it on one machine:

              multifd demo

            A live guest of QEMU is saved and put back by

              multifd qemu save --qmp unix:/run/vm.qmp vm.snapshot
              multifd qemu restore vm.snapshot --qmp unix:/run/vm2.qmp

            Exit codes: 0 success, 1 failure (the guest was not handed over), 2 wrong usage, 3 the guest was handed \
            over, but that is not confirmed or could not be reported: look at the destination.
            """,
        version: Version.description,
        subcommands: [
            Send.self, Receive.self, QEMU.self, Inspect.self, Simulate.self, Throttle.self, Bench.self, Demo.self,
            DemoDestination.self,
        ])
}
