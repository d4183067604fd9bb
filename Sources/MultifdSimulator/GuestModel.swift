/// A guest as the simulator sees it: how much memory of what content, and which parts of it are written how fast.
package struct GuestModel: Hashable, Sendable, Codable {
    package var ramByteCount: Int
    package var vcpuCount: Int
    /// What the vCPUs write. The rest of RAM is never written.
    package var regions: [WriteRegion]
    /// The share of the pages never written that is zero.
    package var zeroShare: Double
    /// Bytes on the wire for a byte of a normal page, 1 without compression; of one written, where its region says nothing
    /// else.
    package var compressedShare: Double
    package var deviceStateByteCount: Int
    /// What the guest does over time, again and again; empty for always the same.
    package var phases: [GuestPhase]

    package init(
        ramByteCount: Int, vcpuCount: Int = 2, regions: [WriteRegion], zeroShare: Double = 0,
        compressedShare: Double = 1, deviceStateByteCount: Int = 1 << 20, phases: [GuestPhase] = []
    ) {
        self.ramByteCount = ramByteCount
        self.vcpuCount = vcpuCount
        self.regions = regions
        self.zeroShare = zeroShare
        self.compressedShare = compressedShare
        self.deviceStateByteCount = deviceStateByteCount
        self.phases = phases
    }

    /// Makes the regions smaller, all by the same factor, where they are larger than RAM together.
    package mutating func fitRegions() {
        let total = regions.reduce(0) { $0 + Double($1.byteCount) }
        guard total > Double(ramByteCount) else { return }
        for index in regions.indices {
            regions[index].byteCount = Int(Double(regions[index].byteCount) * Double(ramByteCount) / total)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case ramByteCount = "ram"
        case vcpuCount = "vcpus"
        case regions
        case zeroShare = "zero-share"
        case compressedShare = "compressed-share"
        case deviceStateByteCount = "device-state"
        case phases
    }
}
