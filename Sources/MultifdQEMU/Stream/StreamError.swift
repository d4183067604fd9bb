/// What is wrong with the main stream of a QEMU, or why it cannot be received.
public enum StreamError: Error, Equatable {
    /// It does not start like a migration of QEMU.
    case magic(found: UInt32)
    /// Another version of the format than 3.
    case version(found: UInt32)
    /// There is no configuration section: the machine type is older than 2.4.
    case noConfiguration(found: UInt8)
    /// The configuration section holds something that is not known, or not allowed.
    case configuration(String, found: String)
    /// A capability with which the stream cannot be received.
    case capability(String)
    /// A section or record where it may not be, or with a value that it may not have.
    case unexpected(what: String, expected: String, found: String)
    /// A command that belongs to something other than precopy.
    case command(UInt16, name: String)
    /// A device or driver that sends sections of its own while the guest runs.
    case liveSection(String)
    /// Records of a capability other than multifd and xbzrle.
    case recordKind(String, capability: String)
    /// A delta, or a page's RAMBlock, that refers to what has not been sent.
    case missingBase(block: String, page: Int)
    /// The stream ended too early.
    case truncated(where: String)
    /// The device state is not the one that the VM description describes.
    case description(String)
    /// The device state is larger than any guest's.
    case deviceStateSize(maximum: Int)
    /// The machine sends no VM description, and nothing else tells the end of its device state.
    case noDescription
    /// The source's channels are to meet, but there are none.
    case noChannel
    /// Fewer channels came than were announced.
    case missingChannels(found: Int, announced: Int)
    /// Channels came whose numbers leave one out.
    case channelNumbers
    /// A channel ended where more was due.
    case channelEnded(Int)
    /// Pages came on a channel after the last barrier.
    case latePages
    /// The source closed its connection before it was told that its guest is stored.
    case sourceGone
}

extension StreamError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    public var description: String {
        switch self {
        case .magic(let found):
            "the stream starts with 0x\(String(found, radix: 16)), not with QEMU's magic number: the peer is no QEMU"
        case .version(let found):
            "the stream has version \(found) of QEMU's format, but only version 3 is known: use QEMU 7.2 or later"
        case .noConfiguration(let found):
            "a configuration section was expected but a section of type \(found) came: machine types before 2.4 cannot "
                + "be received"
        case .configuration(let what, let found):
            "the configuration section has \(what) \(found), which is not known here"
        case .capability(let name):
            "the source has the capability '\(name)' on, with which its guest cannot be received: switch it off "
                + "(migrate-set-capabilities)"
        case .unexpected(let what, let expected, let found):
            "\(what) in QEMU's stream: expected \(expected), found \(found)"
        case .command(let number, let name):
            "the source sent command \(number) (\(name)), but only precopy migrations can be received: switch postcopy "
                + "and COLO off, and do not start postcopy"
        case .liveSection(let name):
            "the source sends sections of '\(name)' besides RAM while the guest runs, whose format only QEMU knows: "
                + "remove that device, or switch the capability off that causes it (dirty-bitmaps, block)"
        case .recordKind(let kind, let capability):
            "the source sends \(kind), which cannot be received: switch \(capability) off"
        case .missingBase(let block, let page):
            "the source sent a delta of page \(page) of '\(block)', which it had not sent before"
        case .truncated(let place):
            "the stream ended \(place): the source was cancelled or died"
        case .description(let problem):
            "the device state does not fit the VM description that follows it: \(problem)"
        case .deviceStateSize(let maximum):
            "the source sent more than \(maximum) bytes of device state: it is not a guest's"
        case .noDescription:
            "the source's machine suppresses its VM description, without which the end of the device state cannot be told "
                + "while the return path is open: start it with -machine suppress-vmdesc=off, or have it migrate to "
                + "'multifd receive --snapshot' with the capability return-path off"
        case .noChannel:
            "the source uses multifd, but no channel has come: give --multifd-channels as the source has it, and let it "
                + "reach the port"
        case .missingChannels(let found, let announced):
            "\(found) of the \(announced) channels that --multifd-channels announces have come: give it as the source has "
                + "it, or leave it out"
        case .channelNumbers:
            "the source's channels are not numbered from 0 without a gap: one of them did not come"
        case .channelEnded(let channel):
            "channel \(channel) ended before its last barrier: the source was cancelled or died"
        case .latePages:
            "pages came on a channel after the last barrier: the source does not follow the protocol"
        case .sourceGone:
            "the source went away while its guest was stored: it was cancelled or died"
        }
    }
}
