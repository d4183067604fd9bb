import Multifd

/// Constants of QEMU's migration format.
package enum QEMUStream {
    package static let magic = Greeting.qemuMagic
    package static let version: UInt32 = 3
    static let ramVersion: UInt32 = 4
    static let footer: UInt8 = 0x7e

    /// What a section begins with.
    enum SectionType {
        static let end: UInt8 = 0
        static let full: UInt8 = 4
        static let subsection: UInt8 = 5
        static let description: UInt8 = 6
        static let configuration: UInt8 = 7
        static let command: UInt8 = 8
    }

    /// The commands of precopy.
    enum Command {
        static let openReturnPath: UInt16 = 1
        static let ping: UInt16 = 2
        static let postcopyAdvice: UInt16 = 3
        static let switchoverStart: UInt16 = 11
    }

    /// What a destination says.
    enum Answer {
        static let shut: UInt16 = 1
        static let pong: UInt16 = 2
        static let switchoverAcknowledgement: UInt16 = 7
    }

    /// Commands of postcopy and COLO, by their names in the field.
    static let commandNames: [UInt16: String] = [
        4: "POSTCOPY_LISTEN", 5: "POSTCOPY_RUN", 6: "POSTCOPY_RAM_DISCARD", 7: "PACKAGED", 8: "ENABLE_COLO",
        9: "POSTCOPY_RESUME", 10: "RECV_BITMAP",
    ]

    /// Text of a peer, safe to print.
    static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    /// What a word of a RAM section says besides the offset.
    enum Flag {
        static let zero: UInt64 = 0x002
        static let blockList: UInt64 = 0x004
        static let page: UInt64 = 0x008
        static let end: UInt64 = 0x010
        static let sameBlock: UInt64 = 0x020
        static let delta: UInt64 = 0x040
        static let hook: UInt64 = 0x080
        static let compressed: UInt64 = 0x100
        static let barrier: UInt64 = 0x200
        static let all: UInt64 = 0xfff
    }
}
