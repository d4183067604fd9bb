/// What the packets of a session must be like.
package enum PacketRules: Sendable {
    /// Those of this program: numbered without a gap, with a checksum, in the codec that was negotiated, and with deltas
    /// only if these were.
    case native(MultifdCompression, deltas: Bool)
    /// Those of a QEMU: neither numbers nor checksums say anything, and the codec is that of the first payload.
    case qemu

    /// Whether pages may come as deltas.
    var acceptDeltas: Bool { if case .native(_, deltas: true) = self { true } else { false } }
}
