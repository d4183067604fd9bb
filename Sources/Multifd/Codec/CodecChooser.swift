/// Chooses, packet by packet, what one channel sends its payloads as: `multifd-compression auto`.
///
/// A channel encodes a packet, then waits until the link (or the limiter) has taken it. Several channels share the link
/// and the cores, so a packet's time T has two lower bounds, and the larger one holds:
/// ```
/// T(mode) >= e(mode) + w ratio(mode)     the channel's own time: encoding, and handing bytes over
/// T(mode) >= l ratio(mode)               the link's time, for this packet and the other channels' packets
/// ```
/// per byte of payload, with e measured, w the seconds of waiting per byte sent, and l the seconds between two bytes of
/// this channel on a link that is full. Waiting for most of the time means that the link is full: then l is the whole
/// time per byte sent. It is remembered when the link is not full any more, for else nothing would speak against
/// sending more, and forgotten slowly, in case the link has become faster.
///
/// Where a limit is set, l is known before the first packet, and it is the same for all channels. What a channel
/// measures there depends on what the others do: one that sends everything as it is takes the link from those that
/// compress, which then seem to gain nothing from it.
///
/// Costs and ratios of the modes that are not in use move with the one in use: other content, or other work for the
/// cores, changes them alike. Where the model is in doubt, experience decides: what a mode achieved when it was last in
/// use counts more than what it promises, and a neighbour that was never in use is tried for a few packets.
package struct CodecChooser: Sendable {
    /// What became of a packet.
    package struct Measurement: Sendable {
        package var mode: Mode
        /// Bytes of the payload before and after encoding.
        package var bytesIn: Int
        package var bytesOut: Int
        /// Seconds for encoding.
        package var encoding: Double
        /// Seconds for sending, with waiting for the limiter and the socket.
        package var sending: Double

        package init(mode: Mode, bytesIn: Int, bytesOut: Int, encoding: Double, sending: Double) {
            self.mode = mode
            self.bytesIn = bytesIn
            self.bytesOut = bytesOut
            self.encoding = encoding
            self.sending = sending
        }
    }

    /// A mode must promise this share less time than the one in use.
    private static let requiredGain = 0.03
    /// Packets between two changes at least.
    private static let minimumDwell = 4
    /// The first packets of a mode leave while the link still works on what the last mode left: they are not counted.
    private static let settlingPacketCount = 1
    /// The weight of a new packet in the averages.
    private static let weight = 0.25
    /// What is left of a remembered link's cost a packet later: a half after 700 packets.
    private static let linkMemory = 0.999
    /// Packets for which experience counts: 192 MiB on this channel.
    private static let experienceLifetime = 384
    /// Packets in a mode before a neighbour is tried.
    private static let patience = 12
    /// More compression is tried unless it promises to take this many times as long.
    private static let worthATry = 1.25
    /// Sending as they are is out of the question while a channel waits this many times as long as it encodes.
    private static let hopelessWaiting = 4.0
    /// A packet's way takes about this many times its encoding, on cores that all channels share: before anything is
    /// measured.
    private static let workPerEncoding = 2.0
    /// A link on which bytes take this many times what the limit says is slower than the limit.
    private static let slowerThanLimit = 2.0

    /// The mode in use. Packets that are not worth a try go as they are all the same.
    package private(set) var mode = Mode.zstd1
    /// Packets sent in each mode, by ``Mode/rawValue``.
    package private(set) var packetCounts = [Int](repeating: 0, count: Mode.allCases.count)
    /// Packets that looked incompressible and went as they are.
    package private(set) var incompressibleCount = 0
    /// Changes of mode.
    package private(set) var changeCount = 0

    private let channelCount: Int
    private let channelsPerCore: Double
    /// Bytes per second of all channels, 0 without a limit.
    private var limit = 0
    private var estimates = Mode.allCases.map(\.initialEstimate)
    private var encoding = 0.0
    private var sending = 0.0
    private var bytesIn = 0.0
    private var bytesOut = 0.0
    private var fullLinkSecondsPerByte = 0.0
    private var packetsInMode = 0
    private var packetCount = 0
    private var experiences = [Experience?](repeating: nil, count: Mode.allCases.count)

    /// What a mode achieved, and at which packet that was.
    private struct Experience {
        var secondsPerByte: Double
        var packet: Int
    }

    /// - Parameters:
    ///   - channelCount: channels of this migration.
    ///   - coreCount: cores that they share: when all of them encode at once, each takes as many times as long as there
    ///     are channels for a core.
    package init(channelCount: Int, coreCount: Int) {
        self.channelCount = channelCount
        channelsPerCore = max(1, Double(channelCount) / Double(coreCount))
    }

    /// The mode for the next packet.
    ///
    /// - Parameters:
    ///   - isCompressible: what a look at the content said: see ``ContentProbe``.
    ///   - limit: bytes per second that all channels together may send, 0 for no limit.
    package mutating func chooseMode(isCompressible: Bool, limit: Int = 0) -> Mode {
        if limit != self.limit { adopt(limit) }
        guard isCompressible || mode == .none else {
            incompressibleCount += 1
            packetCounts[Mode.none.rawValue] += 1
            return .none
        }
        if packetsInMode >= Self.minimumDwell { reconsider() }
        packetCounts[mode.rawValue] += 1
        return mode
    }

    /// Takes what a packet took. Packets that went as they are while another mode is in use say nothing about it.
    package mutating func record(_ packet: Measurement) {
        guard packet.mode == mode, packet.bytesIn > 0, packet.bytesOut > 0 else { return }
        packetsInMode += 1
        packetCount += 1
        guard packetsInMode > Self.settlingPacketCount else { return }
        let keep = bytesIn == 0 ? 0 : 1 - Self.weight
        encoding = keep * encoding + (1 - keep) * packet.encoding
        sending = keep * sending + (1 - keep) * packet.sending
        bytesIn = keep * bytesIn + (1 - keep) * Double(packet.bytesIn)
        bytesOut = keep * bytesOut + (1 - keep) * Double(packet.bytesOut)
        updateEstimates()
        updateLink()
        experiences[mode.rawValue] = Experience(secondsPerByte: (encoding + sending) / bytesIn, packet: packetCount)
    }

    /// A new limit is a new link: what was achieved on the old one does not count.
    private mutating func adopt(_ limit: Int) {
        self.limit = limit
        fullLinkSecondsPerByte = 0
        experiences = experiences.map { _ in nil }
        guard limit > 0, packetCount == 0 else { return }
        func seconds(_ mode: Mode) -> Double {
            let estimate = estimates[mode.rawValue]
            let work = estimate.secondsPerByte * channelsPerCore * Self.workPerEncoding
            return max(work, linkSecondsPerByte * estimate.ratio)
        }
        mode = Mode.allCases.min { seconds($0) < seconds($1) } ?? mode
    }

    /// Seconds between two bytes of this channel on a link that is full.
    private var linkSecondsPerByte: Double {
        guard limit > 0 else { return fullLinkSecondsPerByte }
        let byLimit = Double(channelCount) / Double(limit)
        return fullLinkSecondsPerByte > Self.slowerThanLimit * byLimit ? fullLinkSecondsPerByte : byLimit
    }

    private mutating func updateEstimates() {
        guard mode != .none else { return }
        let old = estimates[mode.rawValue]
        let slower = max(encoding, 1e-9) / bytesIn / old.secondsPerByte
        let larger = bytesOut / bytesIn / old.ratio
        for other in Mode.allCases where other != .none {
            estimates[other.rawValue].secondsPerByte *= slower
            estimates[other.rawValue].ratio *= larger
        }
    }

    private mutating func updateLink() {
        let perByte = (encoding + sending) / bytesOut
        if sending > encoding {
            fullLinkSecondsPerByte = perByte
        } else {
            // The link has just carried this much: it costs no more.
            fullLinkSecondsPerByte = min(fullLinkSecondsPerByte * Self.linkMemory, perByte)
        }
    }

    /// Seconds per byte of payload that a mode would take.
    private func predictedSeconds(_ candidate: Mode) -> Double {
        let estimate = estimates[candidate.rawValue]
        guard sending > encoding else {
            return max(
                estimate.secondsPerByte + sending / bytesOut * estimate.ratio, linkSecondsPerByte * estimate.ratio)
        }
        // Channels that mostly wait leave the cores to each other. With more to encode, they meet there.
        let crowd = candidate.rawValue > mode.rawValue ? channelsPerCore : 1
        return max(estimate.secondsPerByte * crowd, linkSecondsPerByte * estimate.ratio)
    }

    private func experience(of candidate: Mode) -> Double? {
        guard let experience = experiences[candidate.rawValue],
            packetCount - experience.packet < Self.experienceLifetime
        else { return nil }
        // At best it is what the limit allows: more was another channel's share.
        let byLimit = limit > 0 ? linkSecondsPerByte * estimates[candidate.rawValue].ratio : 0
        return max(experience.secondsPerByte, byLimit)
    }

    private mutating func reconsider() {
        // A link that hardly keeps anybody waiting may well take everything as it is: on a fast one each packet until then
        // costs several times as much.
        if mode != .none, 2 * sending < encoding, !isHopelessUncompressed, experience(of: .none) == nil {
            return change(to: .none)
        }
        var best = mode
        var bestSeconds = (encoding + sending) / bytesIn * (1 - Self.requiredGain)
        for candidate in Mode.allCases where candidate != mode {
            let seconds = experience(of: candidate) ?? predictedSeconds(candidate)
            if seconds < bestSeconds {
                best = candidate
                bestSeconds = seconds
            }
        }
        if best == mode, packetsInMode >= Self.patience, let untried = untriedMode() { best = untried }
        if best != mode { change(to: best) }
    }

    private mutating func change(to new: Mode) {
        mode = new
        changeCount += 1
        packetsInMode = 0
        (encoding, sending, bytesIn, bytesOut) = (0, 0, 0, 0)
    }

    /// Whether sending as they are cannot be better.
    private var isHopelessUncompressed: Bool {
        sending > Self.hopelessWaiting * encoding
            || limit > 0 && linkSecondsPerByte > (encoding + sending) / bytesIn
    }

    /// A mode worth a try although the model promises nothing of it: the model takes a receiver that is slow for a
    /// link that is full.
    private func untriedMode() -> Mode? {
        let neighbours = [Mode(rawValue: mode.rawValue - 1), Mode(rawValue: mode.rawValue + 1)].compactMap(\.self)
        if mode != .none, !isHopelessUncompressed, experience(of: .none) == nil { return Mode.none }
        return neighbours.first { neighbour in
            if neighbour == .none || experience(of: neighbour) != nil { return false }
            // More compression pays only where there is waiting to be saved.
            return neighbour.rawValue < mode.rawValue
                || sending > encoding && predictedSeconds(neighbour) < Self.worthATry * (encoding + sending) / bytesIn
        }
    }
}
