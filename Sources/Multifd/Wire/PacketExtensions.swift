/// What native sessions add to QEMU's packet, in a field that QEMU leaves zero.
package struct PacketExtensions: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The checksum field is filled: with XXH3 of the header, in which it counts as zero, seeded with XXH3 of the
    /// payload. It covers which pages are meant as well as what they hold.
    package static let checksum = PacketExtensions(rawValue: 1)
    /// The codec's stream starts anew with this payload.
    package static let restart = PacketExtensions(rawValue: 2)

    package static let all: PacketExtensions = [.checksum, .restart]
}
