import Multifd

/// The vCPUs of a simulated guest and their throttles. Those that write a region are next to each other, in the order of the
/// regions; others write nothing.
struct SimulatedVCPUs {
    private var throttles: [ThrottlePercentage]
    private let writers: [Range<Int>]
    /// How fast each region's vCPUs run, 0...1.
    private(set) var regionSpeeds: [Double]
    /// How fast all vCPUs run together, 0...1.
    private(set) var speed = 1.0
    private(set) var highestThrottle = ThrottlePercentage.off

    init(of guest: GuestModel) {
        var writers: [Range<Int>] = []
        for region in guest.regions {
            let first = writers.last?.upperBound ?? 0
            writers.append(first..<first + region.vcpuCount)
        }
        self.writers = writers
        throttles = Array(repeating: .off, count: max(guest.vcpuCount, writers.last?.upperBound ?? 0, 1))
        regionSpeeds = Array(repeating: 1, count: writers.count)
    }

    var count: Int { throttles.count }

    mutating func apply(_ decisions: [ThrottleDecision]) {
        guard !decisions.isEmpty else { return }
        for decision in decisions {
            if let vcpu = decision.vcpu {
                throttles[vcpu] = decision.to
            } else {
                throttles = throttles.map { _ in decision.to }
            }
        }
        regionSpeeds = writers.map { speed(of: $0) }
        speed = speed(of: throttles.indices)
        highestThrottle = throttles.max() ?? .off
    }

    /// What each vCPU was found to have written: an equal part of its region.
    func bytesWritten(in memory: SimulatedMemory) -> [Int] {
        var bytes = Array(repeating: 0, count: count)
        for (vcpus, part) in zip(writers, memory.parts) {
            let own = Int(saturating: part.found / Double(vcpus.count))
            for vcpu in vcpus { bytes[vcpu] = own }
        }
        return bytes
    }

    private func speed(of vcpus: Range<Int>) -> Double {
        vcpus.isEmpty ? 1 : vcpus.reduce(0) { $0 + throttles[$1].guestSpeed } / Double(vcpus.count)
    }
}
