import Foundation
import Multifd

extension Scenario {
    /// A scenario drawn at random, the same for the same seed: links from 100 Mbit/s to 40 Gbit/s, guests that take
    /// seconds to half an hour to copy once, up to three regions written at a 20th to 20 times what the link moves, and
    /// in two of five scenarios phases that change.
    package static func random(seed: UInt64) -> Scenario {
        var generator = SeededGenerator(seed: seed)
        /// Any order of magnitude is as likely as any other.
        func anyScale(_ range: ClosedRange<Double>) -> Double {
            exp(Double.random(in: log(range.lowerBound)...log(range.upperBound), using: &generator))
        }

        let bandwidth = anyScale(12.5e6...5e9)
        let compressedShare = Double.random(in: 0.3...1, using: &generator)
        let channelCount = [1, 2, 4, 8].randomElement(using: &generator) ?? 2
        let link = LinkModel(
            bandwidth: bandwidth, latency: anyScale(0.00005...0.005), channelCount: channelCount)
        let rate = 1 / link.secondsPerByte(wireShare: compressedShare)
        let ramByteCount = max(1e9, rate * anyScale(5...1800))

        let regions = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            WriteRegion(
                byteCount: Int(ramByteCount * anyScale(0.001...0.3)), writeRate: rate * anyScale(0.05...20),
                pattern: Bool.random(using: &generator) ? .sequential : .random,
                changedShare: WriteRegion.usualChangedShare)
        }
        var phases: [GuestPhase] = []
        if Double.random(in: 0..<1, using: &generator) < 0.4 {
            phases = (0..<Int.random(in: 2...3, using: &generator)).map { _ in
                GuestPhase(duration: anyScale(2...200), factors: regions.map { _ in anyScale(0.02...1) })
            }
        }
        let zeroShare = Double.random(in: 0...0.8, using: &generator)
        var scenario = Scenario(
            name: "random \(seed)",
            guest: GuestModel(
                ramByteCount: Int(ramByteCount), vcpuCount: Int.random(in: 1...64, using: &generator),
                regions: regions, zeroShare: zeroShare, compressedShare: compressedShare,
                deviceStateByteCount: Int(anyScale(1e5...4e6)), phases: phases),
            link: link, downtimeLimit: Bool.random(using: &generator) ? 0.3 : anyScale(0.1...2),
            timeout: max(3600, 20 * ramByteCount / rate))
        // For pages: no throttle helps where the switchover alone exceeds the limit.
        scenario.downtimeLimit += scenario.switchoverOverhead.total.seconds
        return scenario
    }
}
