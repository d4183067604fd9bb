/// Chooses what a migration's channels send their payloads as: `multifd-compression auto`.
///
/// A channel encodes a packet, then waits until the link (or the limiter) has taken it. The channels share the link and
/// the cores, so what a byte of payload takes has two lower bounds, and the model is the larger one:
/// ```
/// model(mode) = max(e(mode) channels / cores, l ratio(mode))
/// ```
/// with e the seconds of encoding on a core, and l the seconds between two bytes of a channel on a link that is full. Both are
/// measured in the mode in use; costs and ratios of the others move with it: other content, or other work for the cores,
/// changes them alike. Where a limit is set, l is known before the first packet. Without one the first packets go as they
/// are, which shows best what the link can take, and costs least where compressing would not pay.
///
/// What a mode really took, as a multiple of its model, is remembered from when it was in use, and forgotten slowly. A mode
/// never in use is believed to keep to its model, so it is tried once if it promises something, and never for long if it
/// does not keep it.
package struct CodecChooser: Sendable {
    /// What became of a packet.
    package struct Measurement: Sendable {
        package var mode: Mode
        /// Bytes of the payload before and after encoding.
        package var bytesIn: Int
        package var bytesOut: Int
        /// Bytes that left for the link meanwhile: `bytesOut`, less what the socket holds more than before. The first
        /// packets on a slow link only fill its buffers.
        package var bytesLeft: Int
        /// Seconds for encoding.
        package var encoding: Double
        /// Seconds for sending, with waiting for the limiter and the socket.
        package var sending: Double

        package init(mode: Mode, bytesIn: Int, bytesOut: Int, bytesLeft: Int, encoding: Double, sending: Double) {
            self.mode = mode
            self.bytesIn = bytesIn
            self.bytesOut = bytesOut
            self.bytesLeft = bytesLeft
            self.encoding = encoding
            self.sending = sending
        }
    }

    /// A mode must promise this share less time than the one in use, and more of it to begin compressing: that takes cores
    /// which others may need, and a trial costs most where everything is fast.
    private static let requiredGain = 0.03
    private static let requiredGainOfCompressing = 0.15
    /// What is left of an experience a packet later: a half after 3500 packets, 1.7 GiB.
    private static let retention = 0.9998
    /// A packet's way takes about this many times its encoding, on cores that all channels share: before anything is
    /// measured.
    private static let workPerEncoding = 2.0

    /// The mode in use.
    package private(set) var mode: Mode
    private let channelCount: Int
    private let coreCount: Int
    /// Bytes per second of all channels, 0 without a limit.
    private var limit: Int
    private var estimates = Mode.allCases.map(\.initialEstimate)
    /// What modes took, as multiples of what the model says of them.
    private var corrections = [Double](repeating: 1, count: Mode.allCases.count)
    private var wasUsed = [Bool](repeating: false, count: Mode.allCases.count)
    private var averages = Averages()
    /// Seconds between two bytes of a channel on a link that is full; 0 as long as nothing is known.
    private var linkSecondsPerByte = 0.0
    /// Packets that leave while the link is not yet full, or still works on what the last mode left: they are not counted.
    private var settlingPacketCount: Int
    private var hasChanged = false
    /// The mode that was in use for long before the present one.
    private var displaced: Mode?

    /// Of packets in the mode in use.
    private struct Averages {
        var encoding = 0.0
        var sending = 0.0
        var bytesIn = 0.0
        var bytesOut = 0.0
        var bytesLeft = 0.0
        var packetCount = 0

        var secondsPerByteSent: Double { (encoding + sending) / bytesLeft }
        var secondsPerByte: Double { (encoding + sending) / bytesIn }
        /// As many packets as have left.
        var packetsLeft: Double { Double(packetCount) * bytesLeft / bytesOut }
        /// Whether a channel waits for most of the time.
        var isMostlySending: Bool { sending > encoding }

        mutating func add(_ packet: Measurement, over count: Int) {
            packetCount += 1
            let weight = 1 / Double(min(packetCount, count))
            encoding += weight * (packet.encoding - encoding)
            sending += weight * (packet.sending - sending)
            bytesIn += weight * (Double(packet.bytesIn) - bytesIn)
            bytesOut += weight * (Double(packet.bytesOut) - bytesOut)
            bytesLeft += weight * (Double(packet.bytesLeft) - bytesLeft)
        }
    }

    /// - Parameters:
    ///   - channelCount: channels of this migration.
    ///   - coreCount: cores that they share: when all of them encode at once, each takes as many times as long as there
    ///     are channels for a core.
    ///   - limit: bytes per second that all channels together may send, 0 for no limit.
    package init(channelCount: Int, coreCount: Int, limit: Int) {
        self.channelCount = channelCount
        self.limit = limit
        self.coreCount = coreCount
        settlingPacketCount = channelCount
        mode = .none
        guard limit > 0 else { return }
        let (channelsPerCore, link) = (self.channelsPerCore, limitSecondsPerByte)
        linkSecondsPerByte = link
        func seconds(_ mode: Mode) -> Double {
            let estimate = mode.initialEstimate
            let work = estimate.secondsPerByte * channelsPerCore * Self.workPerEncoding
            return max(work, link * estimate.ratio)
        }
        mode = Mode.allCases.min { seconds($0) < seconds($1) } ?? mode
    }

    /// Packets in the mode in use before it is judged; before it counts as compared with the last one; before that one
    /// is given another chance; and over which the averages reach in the end.
    private var judgedPacketCount: Int { (hasChanged ? 4 : 2) * channelCount }
    private var comparedPacketCount: Int { 16 * channelCount }
    private var doubtedPacketCount: Int { 32 * channelCount }
    private var averagedPacketCount: Int { 64 * channelCount }
    private var isComparing: Bool { hasChanged && averages.packetCount < comparedPacketCount }
    private var channelsPerCore: Double { max(1, Double(channelCount) / Double(coreCount)) }

    /// Learns what a packet of any channel took, and thinks again. Packets that went in another mode than the one in use
    /// say nothing about it.
    ///
    /// - Parameter limit: bytes per second that all channels together may send, 0 for no limit.
    package mutating func record(_ packet: Measurement, limit: Int) {
        if limit != self.limit { adopt(limit) }
        guard packet.mode == mode, packet.bytesIn > 0, packet.bytesOut > 0 else { return }
        guard settlingPacketCount == 0 else { return settlingPacketCount -= 1 }
        averages.add(packet, over: averagedPacketCount)
        guard averages.packetsLeft >= Double(judgedPacketCount) else { return }
        updateEstimates()
        updateLink()
        updateCorrections()
        reconsider()
    }

    /// A new limit is a new link: what was achieved on the old one does not count.
    private mutating func adopt(_ limit: Int) {
        self = CodecChooser(channelCount: channelCount, coreCount: coreCount, limit: limit)
    }

    /// Seconds between two bytes of a channel on a link that is full, as the limit says.
    private var limitSecondsPerByte: Double { limit > 0 ? Double(channelCount) / Double(limit) : 0 }

    private mutating func updateEstimates() {
        guard mode != .none else { return }
        let old = estimates[mode.rawValue]
        // That many channels encode at once, on that many cores.
        let encoderCount = Double(channelCount) * averages.encoding / (averages.encoding + averages.sending)
        let contention = max(1, encoderCount / Double(coreCount))
        let cost = max(averages.encoding, 1e-9) / contention / averages.bytesIn
        for other in Mode.allCases where other != .none {
            if !isComparing || other == mode || !wasUsed[other.rawValue] {
                estimates[other.rawValue].secondsPerByte *= cost / old.secondsPerByte
            }
            estimates[other.rawValue].ratio *= averages.bytesOut / averages.bytesIn / old.ratio
        }
    }

    /// What the link has just carried shows how much it costs at most. More waiting than that may be a slower link or a
    /// slower receiver: only other modes can tell. Until there was one the link is believed to be it, and after that the
    /// estimate grows no faster than an experience is forgotten.
    private mutating func updateLink() {
        let drift = averages.isMostlySending ? 1 / Self.retention : Self.retention
        let atMost = averages.secondsPerByteSent
        if averages.isMostlySending, !hasChanged || linkSecondsPerByte == 0 { linkSecondsPerByte = atMost }
        linkSecondsPerByte = max(limitSecondsPerByte, min(linkSecondsPerByte * drift, atMost))
    }

    private func modelledSecondsPerByte(_ candidate: Mode) -> Double {
        let estimate = estimates[candidate.rawValue]
        return max(estimate.secondsPerByte * channelsPerCore, linkSecondsPerByte * estimate.ratio)
    }

    /// A mode just begun is compared with what the last one took, and a level stands for those that were never in use.
    /// After that it is the link, the receiver or the content that changes, and the others change with it.
    private mutating func updateCorrections() {
        let old = corrections[mode.rawValue]
        let new = secondsPerByte / max(modelledSecondsPerByte(mode), 1e-12)
        for other in Mode.allCases where other != mode {
            if !isComparing {
                corrections[other.rawValue] *= new / old
            } else if mode != .none, other != .none, !wasUsed[other.rawValue] {
                corrections[other.rawValue] = new
            }
            corrections[other.rawValue] = new + (corrections[other.rawValue] - new) * Self.retention
        }
        corrections[mode.rawValue] = new
        wasUsed[mode.rawValue] = true
    }

    /// What the mode in use takes. Less than the limit allows, or than the link took at first, can only be room in buffers.
    private var secondsPerByte: Double {
        let link = hasChanged ? limitSecondsPerByte : linkSecondsPerByte
        return max(averages.secondsPerByte, link * averages.bytesOut / averages.bytesIn)
    }

    private mutating func reconsider() {
        var best = mode
        var bestSeconds =
            secondsPerByte * (1 - (mode == .none ? Self.requiredGainOfCompressing : Self.requiredGain))
        for candidate in Mode.allCases where candidate != mode {
            let seconds = corrections[candidate.rawValue] * modelledSecondsPerByte(candidate)
            if seconds < bestSeconds {
                best = candidate
                bestSeconds = seconds
            }
        }
        if best == mode, averages.packetCount == doubtedPacketCount, let displaced {
            // It may have looked slow because of something that has passed.
            best = displaced
            self.displaced = nil
        } else if best != mode, averages.packetCount > doubtedPacketCount {
            displaced = mode
        }
        if best != mode { change(to: best) }
    }

    private mutating func change(to new: Mode) {
        mode = new
        hasChanged = true
        averages = Averages()
        settlingPacketCount = channelCount
    }
}
