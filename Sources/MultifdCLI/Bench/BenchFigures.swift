import Multifd

/// What one migration took and gave.
package struct BenchFigures: Hashable, Sendable {
    /// In s.
    package var totalTime: Double
    /// Bytes of RAM moved a second.
    package var throughput: Double
    /// In ms.
    package var downtime: Double
    /// Bytes on the wire.
    package var transferred: Double
    /// Bytes before the codec for each byte after it; 1 without one.
    package var ratio: Double
    package var iterations: Double
    /// CPU seconds of the source for each GiB of RAM, the guest's own apart.
    package var sourceCPU: Double
    package var destinationCPU: Double
    /// Bytes resident at most, the guest's memory included.
    package var sourceMemory: Double
    package var destinationMemory: Double
    /// Bytes of the channel that carried least for each byte of the one that carried most.
    package var balance: Double
    /// The share of time that the busiest channel spent encoding, and decoding at the destination.
    package var encodingShare: Double
    package var decodingShare: Double

    init(source: MigrationDocument, destination: MigrationDocument) {
        let info = source.info
        let gibibytes = Double(info.ram.total) / Double(1 << 30)
        totalTime = max(info.totalTime.seconds, 1e-3)
        throughput = Double(info.ram.total) / totalTime
        downtime = info.downtime?.milliseconds ?? 0
        transferred = Double(info.ram.transferred)
        ratio = info.compressionRatio ?? 1
        iterations = Double(info.ram.iterationCount)
        sourceCPU = source.process.cpuTime / 1e3 / gibibytes
        destinationCPU = destination.process.cpuTime / 1e3 / gibibytes
        sourceMemory = Double(source.process.peakMemory)
        destinationMemory = Double(destination.process.peakMemory)
        let sent = info.channels.map { Double($0.bytesOut) }
        balance = (sent.min() ?? 0) / max(sent.max() ?? 1, 1)
        encodingShare = (info.channels.map(\.encodingTime.seconds).max() ?? 0) / totalTime
        decodingShare = (destination.info.channels.map(\.encodingTime.seconds).max() ?? 0) / totalTime
    }
}
