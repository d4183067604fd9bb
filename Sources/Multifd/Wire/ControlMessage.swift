/// What the two ends of a native session say on the main channel, after the ``Greeting``.
///
/// ```
/// frame:  be16 type, be16 0, be32 length of the body, be64 XXH3 of the eight bytes before and the body, body
///
/// source                          destination
/// setup ───────────────────────▶  checks, makes room
///       ◀─────────────────────── ready
/// (channels connect, each with a ChannelHello that names the session)
/// ═ batches on the channels, then SYNC on each ═▶
/// iterationEnd k ──────────────▶  waits for SYNC k of every channel
///       ◀─────────────────────── barrierReached k            ... once an iteration, and again, with no batch before it,
///                                                             to find out how long an answer takes by itself
/// hashAhead ───────────────────▶  hashes memory, as the source does, while the guest runs
///       ◀─────────────────────── hashed                      ... if memory is verified: between any two
///                                                             iterations, at least after the first
/// (guest paused) deviceState ──▶
/// finish ──────────────────────▶  compares totals, loads the device state
///       ◀─────────────────────── verified
/// handover ────────────────────▶  from here on the guest belongs to the destination, unless it refuses
///       ◀─────────────────────── running                     (sent before the guest runs)
/// ```
/// Either end may say `refused` at any time: the migration is over and the source's guest runs on. And either says
/// `working` each second while it hashes memory or waits for a disk or a guest, so that it is not taken for stuck. A channel
/// that breaks, or that others wait for and that moves nothing, is announced by `channelLost`, by the destination only
/// between `iterationEnd` and `barrierReached`, answered by `channelClosed` once no byte of it will be applied any more, and
/// its batches since the last barrier are sent again by the others.
package enum ControlMessage: Equatable, Sendable {
    case setup(SessionSetup)
    case ready(SessionReady)
    case iterationEnd(barrier: UInt32)
    case barrierReached(barrier: UInt32)
    case channelLost(UInt8)
    case channelClosed(UInt8)
    case deviceState([UInt8])
    case finish(SessionTotals)
    case verified(memoryDigest: UInt64)
    case handover
    case running
    case refused(reason: String)
    case hashAhead
    case hashed
    case working
}

extension ControlMessage {
    package static let headerByteCount = 16
    /// Device state is the largest body: 256 MiB bounds what a peer can make us allocate.
    package static let maximumBodyByteCount = 256 << 20
    /// Every other body: room for 4096 RAMBlocks with names of 255 bytes.
    package static let maximumPlainBodyByteCount = 2 << 20

    package enum Kind: UInt16, CaseIterable, Sendable {
        case setup = 1
        case ready, iterationEnd, barrierReached, channelLost, channelClosed, deviceState, finish, verified, handover
        case running, refused, hashAhead, hashed, working
    }

    package var kind: Kind {
        switch self {
        case .setup: .setup
        case .ready: .ready
        case .iterationEnd: .iterationEnd
        case .barrierReached: .barrierReached
        case .channelLost: .channelLost
        case .channelClosed: .channelClosed
        case .deviceState: .deviceState
        case .finish: .finish
        case .verified: .verified
        case .handover: .handover
        case .running: .running
        case .refused: .refused
        case .hashAhead: .hashAhead
        case .hashed: .hashed
        case .working: .working
        }
    }

    /// What an error calls it: its type, and the number that it carries.
    package var name: String {
        switch self {
        case .iterationEnd(let barrier), .barrierReached(let barrier): "\(kind) \(barrier)"
        case .channelLost(let channel), .channelClosed(let channel): "\(kind) \(channel)"
        default: "\(kind)"
        }
    }

    /// The body's bytes, without the frame.
    package var body: [UInt8] {
        var writer = MessageWriter()
        switch self {
        case .setup(let setup): setup.encode(into: &writer)
        case .ready(let ready): ready.encode(into: &writer)
        case .iterationEnd(let barrier), .barrierReached(let barrier): writer.append(barrier)
        case .channelLost(let channel), .channelClosed(let channel): writer.append(channel)
        case .deviceState(let bytes): writer.append(bytes)
        case .finish(let totals): totals.encode(into: &writer)
        case .verified(let digest): writer.append(digest)
        case .handover, .running, .hashAhead, .hashed, .working: break
        case .refused(let reason):
            // What a guest or a target throws may have several lines, and a file any name: no peer takes that as it is. Of
            // scalars, because a single character may have any number of them.
            writer.append(String(reason.escapingControlCharacters.unicodeScalars.prefix(4096)))
        }
        return writer.bytes
    }

    package init(_ kind: Kind, body: [UInt8]) throws(WireError) {
        var reader = MessageReader("the message '\(kind)'", body)
        switch kind {
        case .setup: self = .setup(try SessionSetup(decoding: &reader))
        case .ready: self = .ready(try SessionReady(decoding: &reader))
        case .iterationEnd: self = .iterationEnd(barrier: try reader.integer())
        case .barrierReached: self = .barrierReached(barrier: try reader.integer())
        case .channelLost: self = .channelLost(try reader.integer())
        case .channelClosed: self = .channelClosed(try reader.integer())
        case .deviceState: self = .deviceState(Array(try reader.raw(body.count)))
        case .finish: self = .finish(try SessionTotals(decoding: &reader))
        case .verified: self = .verified(memoryDigest: try reader.integer())
        case .handover: self = .handover
        case .running: self = .running
        case .hashAhead: self = .hashAhead
        case .hashed: self = .hashed
        case .working: self = .working
        case .refused: self = .refused(reason: try reader.string("the reason", maximumByteCount: 4 * 4096))
        }
        try reader.finish()
    }
}
