/// What is wrong with bytes that a peer sent.
public enum WireError: Error, Equatable {
    /// A structure ends before its last field. Sizes in bytes.
    case truncated(what: String, expected: Int, found: Int)
    /// A structure starts with something else than its magic number.
    case magic(what: String, expected: UInt32, found: UInt32)
    /// A structure starts as a handshake of TLS does.
    case encrypted(what: String)
    /// A structure of a version that this program does not speak.
    case version(what: String, expected: UInt32, found: UInt32)
    /// The peer speaks other versions of the native protocol than this program.
    case noCommonVersion(ours: ClosedRange<UInt16>, theirs: ClosedRange<UInt16>)
    /// A packet with the state of a VFIO device instead of pages.
    case vfioState
    /// Pages in a packet that came after the end of the last iteration.
    case pagesAfterLastBarrier
    /// A source has more channels than it was taken to have.
    case channelCount(expected: Int, atLeast: Int)
    /// A field has a value that is not allowed in it.
    case field(what: String, field: String, expected: String, found: String)
    /// The checksum of what arrived is not the one that was sent with it.
    case checksum(what: String, expected: UInt64, found: UInt64)
}

extension WireError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    public var description: String {
        switch self {
        case .truncated(let what, let expected, let found):
            "\(what) has \(found) bytes where \(expected) are needed"
        case .magic(let what, let expected, let found):
            "\(what) starts with 0x\(found.hexadecimal) instead of 0x\(expected.hexadecimal): "
                + "the peer does not speak this protocol"
        case .encrypted(let what):
            "\(what) starts with a handshake of TLS, which is not spoken here: have the source connect without "
                + "(QEMU: set tls-creds to '')"
        case .version(let what, let expected, let found):
            "\(what) is of version \(found), but this program speaks version \(expected)"
        case .noCommonVersion(let ours, let theirs):
            "the peer speaks \(versions(theirs)) of the protocol, and this program \(versions(ours)): "
                + "install the same release of multifd at both ends"
        case .vfioState:
            "a packet holds the state of a VFIO device, which cannot be received: "
                + "remove the device from the guest before it is migrated"
        case .pagesAfterLastBarrier:
            "a packet brings pages after the last barrier: the source does not follow the protocol"
        case .channelCount(let expected, let count):
            "the source has at least \(count == 1 ? "1 channel" : "\(count) channels") where "
                + "\(expected == 1 ? "1 was" : "\(expected) were") expected: give --multifd-channels as the source has it"
        case .field(let what, let field, let expected, let found):
            "\(what): \(field) is \(found) where \(expected) is expected"
        case .checksum(let what, let expected, let found):
            "\(what) arrived damaged: its checksum is 0x\(found.hexadecimal) instead of 0x\(expected.hexadecimal)"
        }
    }

    private func versions(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "version \(range.lowerBound)" : "versions \(range.lowerBound) to \(range.upperBound)"
    }
}
