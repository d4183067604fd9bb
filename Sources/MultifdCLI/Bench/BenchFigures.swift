import Multifd

/// What one migration took and gave: the figures that runs are compared by. ``BenchFigure`` says what each is called in
/// files.
package struct BenchFigures: Sendable {
    private let source: MigrationDocument
    private let destination: MigrationDocument

    init(source: MigrationDocument, destination: MigrationDocument) {
        self.source = source
        self.destination = destination
    }

    /// In s. Never 0: others are divided by it.
    package var totalTime: Double { max(source.info.totalTime.seconds, 1e-3) }

    /// Bytes of RAM moved a second.
    package var throughput: Double { Double(source.info.ram.total) / totalTime }

    /// In ms.
    package var downtime: Double { source.info.downtime?.milliseconds ?? 0 }

    /// Bytes on the wire.
    package var transferred: Double { Double(source.info.ram.transferred) }

    /// Bytes before the codec for each byte after it; 1 without one.
    package var ratio: Double { source.info.compressionRatio ?? 1 }

    package var iterations: Double { Double(source.info.ram.iterationCount) }

    /// CPU seconds of the source for each GiB of RAM, the guest's own apart.
    package var sourceCPU: Double { source.process.cpuTime / 1e3 / gibibytes }

    /// CPU seconds of the destination for each GiB of RAM.
    package var destinationCPU: Double { destination.process.cpuTime / 1e3 / gibibytes }

    /// Bytes resident at most at the source, the guest's memory included.
    package var sourceMemory: Double { Double(source.process.peakMemory) }

    /// Bytes resident at most at the destination, the guest's memory included.
    package var destinationMemory: Double { Double(destination.process.peakMemory) }

    /// Bytes of the channel that carried least for each byte of the one that carried most.
    package var balance: Double {
        let sent = source.info.channels.map { Double($0.bytesOut) }
        return (sent.min() ?? 0) / max(sent.max() ?? 1, 1)
    }

    /// The share of time that the busiest channel spent encoding.
    package var encodingShare: Double { Self.encodingTime(in: source) / totalTime }

    /// The share of time that the destination's busiest channel spent decoding.
    package var decodingShare: Double { Self.encodingTime(in: destination) / totalTime }

    private var gibibytes: Double { Double(source.info.ram.total) / Double(1 << 30) }

    private static func encodingTime(in document: MigrationDocument) -> Double {
        document.info.channels.map(\.encodingTime.seconds).max() ?? 0
    }
}
