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

/// A page that a record is about.
package struct StreamPage: Equatable {
    /// The RAMBlock's index in the list.
    package var block: Int
    package var page: Int

    package init(block: Int, page: Int) {
        self.block = block
        self.page = page
    }
}

/// A RAM section: when it comes.
package enum StreamSection: UInt8 {
    case start = 1
    case part = 2
    case end = 3
}

/// A RAMBlock as the source announces it.
package struct StreamBlock: Hashable, Sendable {
    package var name: String
    package var byteCount: Int
    /// Guest-physical address, only with `x-ignore-shared`.
    package var address: UInt64?

    package init(name: String, byteCount: Int, address: UInt64? = nil) {
        self.name = name
        self.byteCount = byteCount
        self.address = address
    }
}

/// A command that concerns the receiver.
package enum StreamCommand: Equatable {
    /// From here on the source reads what is sent back.
    case openReturnPath
    /// To be answered with the same number.
    case ping(UInt32)
    /// The source could switch to postcopy if it were told to.
    case postcopyAdvice
    /// The guest is paused.
    case switchoverStart
}
