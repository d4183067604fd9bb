import ArgumentParser
import Multifd

/// What the subcommands that have to do with a QEMU have in common.
struct QEMUOptions: ParsableArguments {
    @Flag(help: "QEMU's capability multifd is, or is to be, off: everything goes over one connection.")
    var noMultifd = false

    /// Throws for what only channels look at when there are none.
    func checkUse(of options: TransferOptions) throws(ParameterError) {
        let given = [
            ("multifd-channels", options.multifdChannels != nil),
            ("multifd-compression", options.multifdCompression != nil),
        ]
        for (name, isGiven) in given where noMultifd && isGiven {
            throw .needlessWith(name: name, other: "no-multifd")
        }
    }
}
