/// What the source sent on all channels. The destination counts the same and compares before it says `verified`: a
/// packet that was lost, doubled or reordered past a barrier shows.
package struct SessionTotals: Equatable, Sendable {
    package var packets: UInt64 = 0
    package var normalPages: UInt64 = 0
    package var zeroPages: UInt64 = 0
    package var deltaPages: UInt64 = 0
    /// The sum, modulo 2⁶⁴, of the checksums of all packets.
    package var checksumSum: UInt64 = 0

    package init() {}

    package mutating func add(_ header: borrowing PacketHeader) {
        packets += 1
        normalPages += UInt64(header.normalPageCount)
        zeroPages += UInt64(header.zeroPageCount)
        deltaPages += UInt64(header.deltaPageCount)
        checksumSum &+= header.checksum
    }

    package static func + (left: SessionTotals, right: SessionTotals) -> SessionTotals {
        var sum = left
        sum.packets += right.packets
        sum.normalPages += right.normalPages
        sum.zeroPages += right.zeroPages
        sum.deltaPages += right.deltaPages
        sum.checksumSum &+= right.checksumSum
        return sum
    }

    package func encode(into writer: inout MessageWriter) {
        for value in [packets, normalPages, zeroPages, deltaPages, checksumSum] { writer.append(value) }
    }

    package init(decoding reader: inout MessageReader) throws(WireError) {
        packets = try reader.integer()
        normalPages = try reader.integer()
        zeroPages = try reader.integer()
        deltaPages = try reader.integer()
        checksumSum = try reader.integer()
    }
}
