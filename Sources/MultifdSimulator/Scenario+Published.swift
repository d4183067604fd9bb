extension Scenario {
    /// RHEL bug 1289285, comment 4: a 2 GiB guest of which 1.1 GB is content, a link limited to 100 MB/s, downtime 0.5 s, and
    /// a stress of `megabytes` rewritten without pause.
    package static func rhel1289285(megabytes: Int, writeRate: Double) -> Scenario {
        Scenario(
            name: "RHEL bug 1289285, \(megabytes) MB",
            guest: GuestModel(
                ramByteCount: 2 << 30, regions: [WriteRegion(byteCount: megabytes << 20, writeRate: writeRate)],
                zeroShare: 0.52),
            link: LinkModel(bandwidth: 125e6, limit: 100e6), downtimeLimit: 0.5, timeout: 600)
    }

    /// The 2024 follow-up: a 100 GiB guest with 16 vCPUs on 1.59 Gbit/s, downtime 0.5 s.
    ///
    /// The published totals tell how much is rewritten: 212 s at 1.59 Gbit/s are 42 GB, so that 16 × 3000 MB cannot all have
    /// been sent; the tool divides the size among its workers. The guest's own content is what the row without throttle
    /// (150 MB, 8 iterations, 107.8 s) leaves for the first iteration, given zero pages found at 4 GB/s.
    package static func periodic2024(megabytes: Int, writeRate: Double) -> Scenario {
        Scenario(
            name: "2024, \(megabytes) MB",
            guest: GuestModel(
                ramByteCount: 100 << 30, vcpuCount: 16,
                regions: [WriteRegion(byteCount: megabytes << 20, writeRate: writeRate, vcpuCount: 16)],
                zeroShare: 0.861),
            link: LinkModel(bandwidth: 1.59e9 / 8), downtimeLimit: 0.5)
    }

    /// The 2013 proposal: a 256 GiB guest with 20 vCPUs, downtime 4 s.
    ///
    /// Both rows follow from one link of 285 MB/s and a first iteration of 173 s, of which 8.9 GB are content. Seven high
    /// samples fit into the 68 s that remain when each iteration moves about 8 s of the published dirty rate.
    package static func proposal2013(writeRate: Double) -> Scenario {
        let zeroShare = 64_946_416.0 * 4096 / Double(256 << 30 - 2_214_000_000)
        return Scenario(
            name: "2013, SPECjbb2005",
            guest: GuestModel(
                ramByteCount: 256 << 30, vcpuCount: 20,
                regions: [
                    WriteRegion(byteCount: 2_214_000_000, writeRate: writeRate, pattern: .random, vcpuCount: 20)
                ],
                zeroShare: zeroShare),
            link: LinkModel(bandwidth: 285e6, zeroPageRate: 1.87e9), downtimeLimit: 4, timeout: 1487.5)
    }
}
