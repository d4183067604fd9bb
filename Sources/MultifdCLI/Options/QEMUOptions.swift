import ArgumentParser

/// What the subcommands that have to do with a QEMU have in common.
struct QEMUOptions: ParsableArguments {
    @Flag(help: "QEMU's capability multifd is, or is to be, off: everything goes over one connection.")
    var noMultifd = false
}
