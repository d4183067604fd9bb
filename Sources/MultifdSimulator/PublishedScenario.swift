/// The migrations whose results were published, as the simulator sees them: the one definition of each, for tests,
/// benchmarks and users.
package enum PublishedScenario: String, CaseIterable, Sendable {
    /// RHEL bug 1289285, comment 4, with that many MB rewritten.
    case rhel30 = "rhel-30"
    case rhel50 = "rhel-50"
    case rhel60 = "rhel-60"
    case rhel100 = "rhel-100"
    /// The 2024 follow-up on periodic syncs, with that many MB given to the stress tool.
    case followUp3000 = "2024-3000"
    case followUp5000 = "2024-5000"
    /// The proposal of 2013.
    case proposal2013 = "2013"

    package var scenario: Scenario {
        switch self {
        case .rhel30: Self.rhel(megabytes: 30)
        case .rhel50: Self.rhel(megabytes: 50)
        case .rhel60: Self.rhel(megabytes: 60)
        case .rhel100: Self.rhel(megabytes: 100)
        case .followUp3000: Self.followUp2024(megabytes: 3000, writeRate: Self.rate3000)
        case .followUp5000: Self.followUp2024(megabytes: 5000, writeRate: Self.rate5000)
        case .proposal2013: Self.proposal
        }
    }

    // No write rate was published. Those of 2024 and 2013 are chosen so that the time of one published row comes out:
    // `bench/throttle/published.py fit` finds them.
    private static let rate3000 = 1297e6
    private static let rate5000 = 1075e6
    private static let rate2013 = 839e6

    /// A 2 GiB guest with two vCPUs, one of which rewrites `megabytes` MiB without pause, a link limited to 100 MiB/s (what was
    /// sent by the time that it took is 99 MiB/s), downtime 0.5 s.
    ///
    /// Neither the write rate nor the order of the writes was published. At random and with this rate each row ends within
    /// one step of the published throttle; with each page in turn the row of 50 MB ends four steps above it, whatever the
    /// rate. Of the rest of RAM 52 % are zero, which leaves 1.1 GB of content as published.
    private static func rhel(megabytes: Int) -> Scenario {
        Scenario(
            name: "RHEL bug 1289285, \(megabytes) MB",
            guest: GuestModel(
                ramByteCount: 2 << 30, vcpuCount: 2,
                regions: [
                    WriteRegion(
                        byteCount: megabytes << 20, writeRate: 490e6, pattern: .random,
                        changedShare: WriteRegion.usualChangedShare)
                ], zeroShare: 0.52),
            link: LinkModel(bandwidth: 125e6, limit: Double(100 << 20)), downtimeLimit: 0.5, timeout: 600)
    }

    /// A 100 GiB guest with 16 vCPUs on 1.59 Gbit/s, downtime 0.5 s.
    ///
    /// The published totals tell how much is rewritten: 212 s at 1.59 Gbit/s are 42 GB, so that 16 × 3000 MB cannot all have
    /// been sent; the tool divides the size among its workers. The guest's own content is what the row without throttle
    /// (150 MB, 8 iterations, 107.8 s) leaves for the first iteration, given zero pages found at 4 GB/s.
    private static func followUp2024(megabytes: Int, writeRate: Double) -> Scenario {
        Scenario(
            name: "2024, \(megabytes) MB",
            guest: GuestModel(
                ramByteCount: 100 << 30, vcpuCount: 16,
                regions: [
                    WriteRegion(
                        byteCount: megabytes << 20, writeRate: writeRate, vcpuCount: 16,
                        changedShare: WriteRegion.usualChangedShare)
                ],
                zeroShare: 0.861),
            link: LinkModel(bandwidth: 1.59e9 / 8), downtimeLimit: 0.5)
    }

    /// A 256 GiB guest with 20 vCPUs, downtime 4 s.
    ///
    /// Both rows follow from one link of 285 MB/s and a first iteration of 173 s, of which 8.9 GB are content: neither
    /// number was published, and the NIC had 20 Gbit/s. Seven high samples fit into the 68 s that remain when each
    /// iteration moves about 8 s of the published dirty rate: 2.2 GB, written at random.
    private static var proposal: Scenario {
        let ram = 256 << 30
        let written = 2_214_000_000
        return Scenario(
            name: "2013, SPECjbb2005",
            guest: GuestModel(
                ramByteCount: ram, vcpuCount: 20,
                regions: [
                    WriteRegion(
                        byteCount: written, writeRate: rate2013, pattern: .random, vcpuCount: 20,
                        changedShare: WriteRegion.usualChangedShare)
                ],
                zeroShare: 64_946_416.0 * 4096 / Double(ram - written)),
            link: LinkModel(bandwidth: 285e6, zeroPageRate: 1.87e9), downtimeLimit: 4, timeout: 1487.5)
    }
}
