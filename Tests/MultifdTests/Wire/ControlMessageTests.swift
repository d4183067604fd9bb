import Multifd
import Testing

struct ControlMessageTests {
    static let setup = SessionSetup(
        sessionID: SessionID(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10), channelCount: 4,
        compression: "zstd", level: -3, features: .memoryDigest,
        blocks: [.init(name: "pc.ram", byteCount: 0x8000_0000), .init(name: "vga", byteCount: 0x1000)],
        guestConfiguration: "workload:idle")

    static let setupBody = hex(
        """
        0102030405060708 090a0b0c0d0e0f10 00001000 04 00000004 7a737464 fffffffd 0000000000000004
        00000002 00000006 70632e72616d 0000000080000000 00000003 766761 0000000000001000
        0000000d 776f726b6c6f61643a69646c65
        """)

    static var totals: SessionTotals {
        var totals = SessionTotals()
        (totals.packets, totals.normalPages, totals.zeroPages) = (1, 0x200, 3)
        (totals.deltaPages, totals.checksumSum) = (4, .max)
        return totals
    }

    static let golden: [(message: ControlMessage, type: UInt16, body: [UInt8])] = [
        (.setup(setup), 1, setupBody),
        (.ready(SessionReady(features: .memoryDigest)), 2, hex("0000000000000004")),
        (.iterationEnd(barrier: 0x1020_3040), 3, hex("10203040")),
        (.barrierReached(barrier: 5), 4, hex("00000005")),
        (.channelLost(254), 5, hex("fe")),
        (.channelClosed(1), 6, hex("01")),
        (.deviceState([1, 2, 3]), 7, hex("010203")),
        (.deviceState([]), 7, []),
        (
            .finish(totals), 8,
            hex("0000000000000001 0000000000000200 0000000000000003 0000000000000004 ffffffffffffffff")
        ),
        (.verified(memoryDigest: 0x1122_3344_5566_7788), 9, hex("1122334455667788")),
        (.handover, 10, []),
        (.running, 11, []),
        (.refused(reason: "no room: 2 €"), 12, hex("0000000e 6e6f20726f6f6d3a203220e282ac")),
        (.hashAhead, 13, []),
        (.hashed, 14, []),
        (.working, 15, []),
    ]

    @Test(arguments: golden.indices)
    func `each message has the bytes that were written by hand`(index: Int) throws {
        let (message, type, body) = Self.golden[index]
        #expect(message.kind.rawValue == type)
        #expect(message.body == body)
        #expect(try ControlMessage(message.kind, body: body) == message)
    }

    @Test(arguments: golden.indices)
    func `each message is refused at every other length`(index: Int) {
        let (message, _, body) = Self.golden[index]
        if case .deviceState = message { return }  // any length is right
        for count in 0..<body.count {
            #expect(throws: WireError.self) { try ControlMessage(message.kind, body: Array(body[..<count])) }
        }
        #expect(throws: WireError.self) { try ControlMessage(message.kind, body: body + [0]) }
    }

    @Test func `no damage to a proposal traps`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            var body = Self.setupBody
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                body[Int.random(in: 0..<body.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard case .setup(let setup) = try? ControlMessage(.setup, body: body) else { continue }
            #expect((1...SessionSetup.maximumBlockCount).contains(setup.blocks.count))
            #expect(setup.blocks.allSatisfy { $0.byteCount > 0 && $0.byteCount % 4096 == 0 })
            #expect(setup.ramByteCount > 0)
        }
    }

    /// A reason may quote what the peer or the user wrote: letters with any number of marks on them.
    @Test func `a reason of any length arrives, cut`() throws {
        let mark = "\u{301}"
        for reason in [
            String(repeating: "x", count: 100_000), "e" + String(repeating: mark, count: 100_000),
            String(repeating: "👩‍👩‍👧‍👦", count: 5000),
        ] {
            let body = ControlMessage.refused(reason: reason).body
            guard case .refused(let arrived) = try ControlMessage(.refused, body: body) else {
                Issue.record("not a refusal")
                continue
            }
            #expect(reason.unicodeScalars.starts(with: arrived.unicodeScalars))
            #expect(arrived.unicodeScalars.count >= 4096)
        }
    }

    /// What an embedder's target throws is told as it describes itself.
    @Test func `a reason of several lines arrives in one`() throws {
        let body = ControlMessage.refused(reason: "no disk:\n\tcheck '\u{1B}[31m'").body
        #expect(
            try ControlMessage(.refused, body: body)
                == .refused(reason: #"no disk:\n\tcheck '\u{1B}[31m'"#))
    }

    @Test func `a reason that is not UTF-8 is refused`() {
        #expect(throws: WireError.self) { try ControlMessage(.refused, body: hex("00000002 c328")) }
    }
}
