import Multifd
import Testing

@Suite("The choice of a codec")
struct CodecChooserTests {
    /// Four channels that share two cores and one link. What encoding costs and gives differs from
    /// what the chooser begins with, as another machine and guest would.
    struct Simulation {
        static let payload = 524_288.0
        static let channelCount = 4
        static let coreCount = 2.0

        /// Bytes per second.
        var link: Double
        /// How much slower than the chooser thinks, and how much larger than it thinks.
        var slowness = 1.0
        var largeness = 1.0
        /// Bytes that all sockets together take before they make a sender wait.
        var buffer = 0.0

        static let costs: [(secondsPerByte: Double, ratio: Double)] =
            [(0, 1), (1.02e-9, 0.51), (1.3e-9, 0.43), (1.5e-9, 0.40), (2.7e-9, 0.371), (8.6e-9, 0.357)]
        /// Copying into the socket, and all the receiver does, on the same cores.
        static let secondsPerByteSent = 0.25e-9
        static let secondsPerByteReceived = 0.45e-9
        /// How much dearer and larger than the mean a packet's content is.
        static let variation = 0.4...1.6

        func cost(_ mode: CodecChooser.Mode) -> (work: Double, bytes: Double) {
            let (seconds, ratio) = Self.costs[mode.rawValue]
            let bytes = mode == .none ? 1 : min(1, ratio * largeness)
            return (seconds * slowness * Self.payload, bytes * Self.payload)
        }

        private struct Channel {
            var mode = CodecChooser.Mode.none
            /// Seconds of a core that encoding still takes, and handing over; bytes that the link still has to take.
            var work = 0.0
            var handover = 0.0
            var bytes = 0.0
            var encodedByteCount = 0.0
            /// What the sockets held after the last packet.
            var queued = 0.0
            var encoding = 0.0
            var sending = 0.0
            var isIdle = true
        }

        /// Seconds to send that many packets.
        func run(
            packetCount: Int, chooser: inout CodecChooser?, fixed: CodecChooser.Mode = .none, limit: Int = 0,
            observe: (CodecChooser.Mode) -> Void = { _ in }
        ) -> Double {
            var channels = [Channel](repeating: Channel(), count: Self.channelCount)
            var left = packetCount
            var time = 0.0
            var queued = 0.0
            var random = SeededGenerator(seed: 7)
            while true {
                for index in channels.indices where channels[index].isIdle && left > 0 {
                    left -= 1
                    let mode = chooser?.mode ?? fixed
                    observe(mode)
                    let variation = Double.random(in: Self.variation, using: &random)
                    var (work, bytes) = cost(mode)
                    if mode != .none { (work, bytes) = (work * variation, min(bytes * variation, Self.payload)) }
                    // A receiver's decoding is in the cores' work too.
                    let handover = bytes * Self.secondsPerByteSent + Self.payload * Self.secondsPerByteReceived
                    channels[index] = Channel(
                        mode: mode, work: work, handover: handover, bytes: bytes, encodedByteCount: bytes,
                        queued: channels[index].queued, isIdle: false)
                }
                guard channels.contains(where: { !$0.isIdle }) else { return time }
                // Whoever has work shares the cores; who has encoded first has the link. On to the next that is done.
                let runnable = channels.count { $0.work > 0 || $0.handover > 0 }
                let core = min(1, Self.coreCount / Double(max(1, runnable)))
                let first = channels.indices.filter { channels[$0].work <= 0 && channels[$0].bytes > 0 }
                    .max { channels[$0].sending < channels[$1].sending }
                if let first {
                    let taken = min(channels[first].bytes, max(0, buffer - queued))
                    channels[first].bytes -= taken
                    queued += taken
                }
                var step = Double.infinity
                for (index, channel) in channels.enumerated() where !channel.isIdle {
                    if channel.work > 0 {
                        step = min(step, channel.work / core)
                    } else {
                        if channel.handover > 0 { step = min(step, channel.handover / core) }
                        if index == first { step = min(step, channel.bytes / link) }
                    }
                }
                // A hair more, so that what is due becomes zero in spite of rounding.
                step = step * 1.000_001 + 1e-9
                time += step
                if first.map({ channels[$0].bytes <= 0 }) ?? true { queued = max(0, queued - link * step) }
                for index in channels.indices where !channels[index].isIdle {
                    advance(&channels[index], by: step, core: core, link: index == first ? link : 0)
                    guard channels[index].isIdle else { continue }
                    chooser?.record(
                        CodecChooser.Measurement(
                            mode: channels[index].mode, bytesIn: Int(Self.payload),
                            bytesOut: Int(channels[index].encodedByteCount),
                            bytesLeft: Int(channels[index].encodedByteCount - queued / 4 + channels[index].queued),
                            encoding: channels[index].encoding, sending: channels[index].sending),
                        limit: limit)
                    channels[index].queued = queued / 4
                }
            }
        }

        private func advance(_ channel: inout Channel, by step: Double, core: Double, link: Double) {
            guard channel.work <= 0 else {
                channel.work -= step * core
                channel.encoding += step
                return
            }
            channel.sending += step
            channel.handover -= step * core
            channel.bytes -= step * link
            channel.isIdle = channel.handover <= 0 && channel.bytes <= 0
        }

        func seconds(packetCount: Int, fixed: CodecChooser.Mode) -> Double {
            var none: CodecChooser?
            return run(packetCount: packetCount, chooser: &none, fixed: fixed)
        }
    }

    static let links: [Double] = [1e12, 10e9 / 8, 3e9 / 8, 1e9 / 8, 300e6 / 8, 100e6 / 8]

    @Test(
        "On any link it takes at most 1.05 times as long as the best fixed mode, without thrashing",
        arguments: links,
        [
            (1.0, 1.0, false), (2.0, 0.8, false), (0.6, 1.6, false), (1.0, 2.4, false), (1.0, 1.0, true),
            (2.0, 0.8, true), (0.6, 1.6, true),
        ])
    func nearTheBest(link: Double, content: (slowness: Double, largeness: Double, knowsLimit: Bool)) {
        let simulation = Simulation(link: link, slowness: content.slowness, largeness: content.largeness)
        let packetCount = 1600
        let fixed = CodecChooser.Mode.allCases.map { simulation.seconds(packetCount: packetCount, fixed: $0) }
        let best = fixed.min() ?? 0
        let limit = content.knowsLimit && link < 1e12 ? Int(link) : 0
        var chooser: CodecChooser? = CodecChooser(
            channelCount: Simulation.channelCount, coreCount: Int(Simulation.coreCount), limit: limit)
        var modes: [CodecChooser.Mode] = []
        let seconds = simulation.run(packetCount: packetCount, chooser: &chooser, limit: limit) { modes.append($0) }
        let counts = Dictionary(grouping: modes) { $0.name }.mapValues(\.count)
        let changeCount = zip(modes, modes.dropFirst()).count { $0 != $1 }
        #expect(seconds <= 1.05 * best, "\(seconds / best), fixed \(fixed), packets \(counts)")
        #expect(changeCount <= 8, "\(counts)")
    }

    @Test("What the sockets take at first does not make a slow link look fast", arguments: links.dropFirst())
    func buffers(link: Double) {
        let simulation = Simulation(link: link, buffer: 16 * 1_048_576)
        let packetCount = 1600
        let best = CodecChooser.Mode.allCases.map { simulation.seconds(packetCount: packetCount, fixed: $0) }.min() ?? 0
        var chooser: CodecChooser? = CodecChooser(
            channelCount: Simulation.channelCount, coreCount: Int(Simulation.coreCount), limit: 0)
        var modes: [CodecChooser.Mode] = []
        let seconds = simulation.run(packetCount: packetCount, chooser: &chooser) { modes.append($0) }
        let counts = Dictionary(grouping: modes) { $0.name }.mapValues(\.count)
        // They fill with pages as they are, and then the link has that to do.
        #expect(seconds <= 1.03 * best + simulation.buffer / link, "\(seconds / best), packets \(counts)")
    }

    @Test("A link that becomes faster is found out")
    func fasterLink() {
        var chooser: CodecChooser? = CodecChooser(
            channelCount: Simulation.channelCount, coreCount: Int(Simulation.coreCount), limit: 0)
        _ = Simulation(link: 12.5e6).run(packetCount: 1600, chooser: &chooser)
        #expect((chooser?.mode.rawValue ?? 0) >= CodecChooser.Mode.zstd3.rawValue)
        _ = Simulation(link: 1e12).run(packetCount: 8000, chooser: &chooser)
        #expect(chooser?.mode == CodecChooser.Mode.none)
    }

    @Test(
        "A page's head says nothing about the rest of it",
        arguments: [(0, 1024, true), (3072, 4096, true), (1024, 4096, true)])
    func probeWithinPages(random: (from: Int, to: Int, isCompressible: Bool)) {
        var payload = [UInt8](repeating: 65, count: 64 * Page.byteCount)
        var generator = SeededGenerator(seed: 3)
        for page in 0..<64 {
            for offset in random.from..<random.to {
                payload[page * Page.byteCount + offset] = UInt8.random(in: 0...255, using: &generator)
            }
        }
        unsafe #expect(ContentProbe.isCompressible(payload.span.bytes) == random.isCompressible)
    }

    @Test("The look at content tells random bytes from all others", arguments: SampleContent.allCases)
    func probe(content: SampleContent) {
        for pageCount in [8, 16, 128] {
            let payload = content.bytes(count: pageCount * Page.byteCount, seed: 4)
            // Random bytes, each twice, have evenly spread values too: there is nothing in them for zstd either.
            let isCompressible = content != .random && content != .runsJustTooShort
            if pageCount == 128 || isCompressible {
                unsafe #expect(ContentProbe.isCompressible(payload.span.bytes) == isCompressible, "\(pageCount) pages")
            }
        }
    }
}
