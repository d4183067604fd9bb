import Multifd
import MultifdCLI

extension BenchRun {
    /// A GiB moved in `seconds`.
    ///
    /// - Parameters:
    ///   - transferred: bytes on the wire.
    ///   - source: the source's CPU seconds.
    ///   - destination: the destination's.
    static func fixture(
        _ benchCase: BenchCase, round: Int = 1, seconds: Double = 1, transferred: Int = 1 << 30, source: Double = 0,
        destination: Double = 0, decodingShare: Double = 0
    ) -> BenchRun {
        var info = MigrationInfo()
        info.ram.total = 1 << 30
        info.ram.transferred = transferred
        info.totalTime = .seconds(seconds)
        var process = ProcessUsage()
        process.cpuTime = source * 1000
        var run = BenchRun(benchCase, round: round)
        run.source = MigrationDocument(info: info, process: process)
        process.cpuTime = destination * 1000
        info.channels = [ChannelInfo()]
        info.channels[0].encodingTime = .seconds(decodingShare * seconds)
        run.destination = MigrationDocument(info: info, process: process)
        return run
    }
}
