import Rainbow

/// What shows that nothing was lost: digests of the guest's memory.
struct DemoProof: Encodable {
    /// At switchover. The two ends have compared theirs before the guest was handed over.
    var switchover: String
    /// After the guest has run on at the destination.
    var migrated: String
    /// Of a guest that executed the same steps and was never migrated.
    var reference: String
    /// Those steps, of each vCPU.
    var steps: [UInt64]

    var holds: Bool { migrated == reference }

    var text: String {
        """
        memory at switchover, both ends       \(switchover)  \("identical".green)
        memory later, of the migrated guest   \(migrated)
        and of one that was never migrated    \(reference)  \(holds ? "identical".green : "DIFFERENT".red)
        after \(steps.map(String.init).joined(separator: " + ")) steps
        """
    }
}
