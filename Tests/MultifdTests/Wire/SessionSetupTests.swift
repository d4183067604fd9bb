import Multifd
import Testing

struct SessionSetupTests {
    /// A proposal, spoilt by `change` and decoded as the destination would.
    private func decode(_ change: (inout SessionSetup) -> Void) throws -> SessionSetup {
        var setup = ControlMessageTests.setup
        change(&setup)
        guard case .setup(let decoded) = try ControlMessage(.setup, body: ControlMessage.setup(setup).body) else {
            throw WireError.field(what: "", field: "", expected: "", found: "")
        }
        return decoded
    }

    @Test func `the largest proposal fits into a message`() throws {
        let blocks = (0..<SessionSetup.maximumBlockCount).map { index in
            SessionSetup.Block(
                name: String(repeating: "x", count: 250) + String(10_000 + index), byteCount: 4096)
        }
        let decoded = try decode {
            $0.blocks = blocks
            $0.guestConfiguration = String(repeating: "c", count: SessionSetup.maximumConfigurationByteCount)
        }
        #expect(decoded.blocks == blocks)
        #expect(ControlMessage.setup(decoded).body.count <= ControlMessage.maximumPlainBodyByteCount)
    }

    @Test func `one block may have all of the 16 TiB that page numbers reach`() throws {
        let blocks = [SessionSetup.Block(name: "ram", byteCount: 1 << 44)]
        #expect(try decode { $0.blocks = blocks }.blocks == blocks)
    }

    @Test func `another page size is refused, and both are named`() throws {
        let error = #expect(throws: WireError.self) { try decode { $0.pageByteCount = 65536 } }
        #expect(error?.description.contains("65536 bytes where 4096 bytes") == true)
    }

    @Test func `impossible proposals are refused`() {
        let spoilt: [(String, (inout SessionSetup) -> Void)] = [
            ("no channel", { $0.channelCount = 0 }),
            ("no block", { $0.blocks = [] }),
            ("too many blocks", { $0.blocks = (0...4096).map { .init(name: "\($0)", byteCount: 4096) } }),
            ("a name twice", { $0.blocks[1].name = $0.blocks[0].name }),
            ("an empty name", { $0.blocks[0].name = "" }),
            ("a name of 256 bytes", { $0.blocks[0].name = String(repeating: "n", count: 256) }),
            ("a name with NUL", { $0.blocks[0].name = "a\0b" }),
            ("no bytes", { $0.blocks[0].byteCount = 0 }),
            ("part of a page", { $0.blocks[0].byteCount = 4097 }),
            ("16 TiB and a page", { $0.blocks[0].byteCount = (1 << 44) + 4096 }),
            ("every bit", { $0.blocks[0].byteCount = .max & ~4095 }),
            ("a long compression", { $0.compression = String(repeating: "z", count: 33) }),
            ("a long configuration", { $0.guestConfiguration = String(repeating: "c", count: 4097) }),
        ]
        for (what, change) in spoilt {
            #expect(throws: WireError.self, "\(what)") { try decode(change) }
        }
    }
}
