/// What the main stream consists of, as far as a receiver has something to do with it.
package enum StreamRecord: Equatable {
    case configuration(StreamConfiguration)
    case command(StreamCommand)
    /// A device's section in the set-up phase: where it stands in the bytes, and whether RAM was announced before.
    case earlySection(Range<Int>, isAfterRAMStart: Bool)
    /// RAM is announced.
    case blocks([StreamBlock], sectionID: UInt32)
    case zeroPage(StreamPage)
    /// A page with content, 4096 bytes at this offset.
    case page(StreamPage, at: Int)
    /// What changed in a page, and where the delta stands.
    case delta(StreamPage, Range<Int>)
    /// QEMU: `MULTIFD_FLUSH`.
    case barrier
    /// The end of a RAM section's records.
    case sectionEnd(StreamSection)
    /// All of RAM is in.
    case ramComplete
    /// A piece of the device state; nothing else follows.
    case deviceState(Range<Int>)
}
