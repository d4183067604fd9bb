import Multifd
import MultifdQEMU
import Testing

/// Golden bytes are from captures of real QEMUs.
@Suite struct StreamDecoderTests {
    /// A stream with every kind of record.
    static func everything() -> [UInt8] {
        var stream = StreamBytes()
        stream.begin()
        stream.command(1)
        stream.command(2, [0, 0, 0, 1])
        stream.startRAM([("pc.ram", 16 << 12), ("0000:00:02.0/vga.vram", 4 << 12)])
        stream.barrier()
        stream.endSection()
        stream.part()
        stream.page("pc.ram", 0, [UInt8](repeating: 7, count: 4096))
        stream.zeroPage(nil, 1)
        stream.zeroPage("0000:00:02.0/vga.vram", 3)
        stream.endSection()
        stream.part()
        stream.page(nil, 2, [UInt8](repeating: 9, count: 4096))
        stream.delta("pc.ram", 0, [0x00, 0x01, 0x01])
        stream.endSection()
        stream.command(11)
        stream.endRAM(barrier: true)
        stream.deviceState()
        return stream.bytes
    }

    @Test func `the beginning of a stream from QEMU 10 is read as it is`() throws {
        let bytes = hexadecimal(
            """
            5145564d 00000003
            07 0000000e 70632d6934343066782d31302e30
            08 0001 0000
            08 0002 0004 00000001
            01 00000002 03 72616d 00000000 00000004
            0000000009000004
            01 6d 0000000008000000
            15 303030303a30303a30322e302f7667612e7672616d 0000000001000000
            0000000000000010 7e 00000002
            """)
        let found = try records(of: bytes)
        var configuration = StreamConfiguration()
        configuration.machine = "pc-i440fx-10.0"
        configuration.bytes = Array(bytes[8..<27])
        #expect(
            found == [
                .configuration(configuration), .command(.openReturnPath), .command(.ping(1)),
                .blocks(
                    [
                        StreamBlock(name: "m", byteCount: 128 << 20),
                        StreamBlock(name: "0000:00:02.0/vga.vram", byteCount: 16 << 20),
                    ], sectionID: 2),
                .sectionEnd(.start),
            ])
    }

    @Test func `capabilities, uuid and addresses of QEMU 7.2 are read`() throws {
        var stream = StreamBytes()
        stream.append(hexadecimal("5145564d 00000003 07 0000000d 70632d6934343066782d372e32"))
        stream.append(UInt8(5))
        stream.append(name: "configuration/capabilities")
        stream.append(hexadecimal("00000001 00000001"))
        stream.append(name: "x-ignore-shared")
        stream.append(UInt8(5))
        stream.append(name: "configuration/uuid")
        stream.append(hexadecimal("00000001 0123456789abcdef0123456789abcdef"))
        let end = stream.bytes.count
        stream.append(hexadecimal("01 00000002 03 72616d 00000000 00000004 0000000008000004"))
        stream.append(hexadecimal("01 6d 0000000008000000 0000000000000000 0000000000000010 7e 00000002"))
        let found = try records(of: stream.bytes)
        guard case .configuration(let configuration) = found.first else {
            Issue.record("no configuration")
            return
        }
        #expect(configuration.machine == "pc-i440fx-7.2")
        #expect(configuration.capabilities == ["x-ignore-shared"])
        #expect(configuration.uuid == hexadecimal("0123456789abcdef0123456789abcdef"))
        #expect(configuration.bytes == Array(stream.bytes[8..<end]))
        #expect(found[1] == .blocks([StreamBlock(name: "m", byteCount: 128 << 20, address: 0)], sectionID: 2))
    }

    @Test(arguments: [1, 2, 3, 7, 4095, 4096, 4097])
    func `a stream in pieces gives the records of the whole`(pieceByteCount: Int) throws {
        // Offsets in records depend on the pieces, and device state comes in as many.
        func normalised(_ records: [StreamRecord]) -> [StreamRecord] {
            records.compactMap {
                switch $0 {
                case .page(let page, _): .page(page, at: 0)
                case .delta(let page, let range): .delta(page, 0..<range.count)
                case .deviceState: nil
                default: $0
                }
            }
        }
        let bytes = Self.everything()
        #expect(
            try normalised(records(of: bytes, pieceByteCount: pieceByteCount)) == normalised(records(of: bytes)))
    }

    @Test func `a page without a name belongs to the block of the page before, across sections`() throws {
        let pages = try records(of: Self.everything()).compactMap { record -> StreamPage? in
            switch record {
            case .page(let page, _), .zeroPage(let page), .delta(let page, _): page
            default: nil
            }
        }
        #expect(
            pages == [
                StreamPage(block: 0, page: 0), StreamPage(block: 0, page: 1), StreamPage(block: 1, page: 3),
                StreamPage(block: 1, page: 2), StreamPage(block: 0, page: 0),
            ])
    }

    /// What virtio-mem sends: a device's section between the list of RAMBlocks and the first page.
    @Test(arguments: [false, true]) func `an early section is found by what follows it`(isAfterRAMStart: Bool) throws {
        var stream = StreamBytes()
        stream.begin()
        if isAfterRAMStart {
            stream.startRAM([("m", 4096)])
            stream.endSection()
        }
        let start = stream.bytes.count
        // The content holds a footer of its own, followed by what cannot follow.
        stream.deviceSection([1, 2, 0x7e, 0, 0, 0, 43, 9, 9])
        let end = stream.bytes.count
        if !isAfterRAMStart {
            stream.startRAM([("m", 4096)])
            stream.endSection()
        }
        stream.part()
        let found = try records(of: stream.bytes)
        let ranges = found.compactMap { record -> Range<Int>? in
            guard case .earlySection(let range, isAfterRAMStart) = record else { return nil }
            return range
        }
        #expect(ranges.map(\.count) == [end - start])
    }

    /// Once it has begun postcopy the source does not have its guest run on, whatever it hears.
    @Test func `a source that could start postcopy for its RAM is refused before it does`() throws {
        var stream = StreamBytes()
        stream.begin()
        stream.append(hexadecimal("08 0003 0000"))
        #expect(try records(of: stream.bytes).count == 1)
        stream.append(hexadecimal("08 0003 0010 0000000000001000 0000000000001000"))
        #expect(throws: StreamError.capability("postcopy-ram")) { try records(of: stream.bytes) }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var expected: String
        var bytes: [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ expected: String, _ write: (inout StreamBytes) -> Void) {
            self.name = name
            self.expected = expected
            var stream = StreamBytes()
            write(&stream)
            bytes = stream.bytes
        }
    }

    static let refusals: [Refusal] = [
        Refusal("another magic", "no QEMU") { $0.append([1, 2, 3, 4, 0, 0, 0, 3]) },
        Refusal("version 2", "version 2") { $0.append(hexadecimal("5145564d 00000002")) },
        Refusal("an old machine", "machine types before 2.4") { $0.append(hexadecimal("5145564d 00000003 01")) },
        Refusal("mapped-ram", "'mapped-ram'") {
            $0.begin()
            $0.append(UInt8(5))
            $0.append(name: "configuration/capabilities")
            $0.append(hexadecimal("00000001 00000001"))
            $0.append(name: "mapped-ram")
        },
        Refusal("an unknown part of the configuration", "'configuration/new'") {
            $0.begin()
            $0.append(UInt8(5))
            $0.append(name: "configuration/new")
            $0.append(UInt32(1))
        },
        Refusal("a ping without a return path", "open return path") {
            $0.begin()
            $0.command(2, [0, 0, 0, 1])
        },
        Refusal("postcopy", "POSTCOPY_LISTEN") {
            $0.begin()
            $0.command(4)
        },
        Refusal("postcopy that begins", "PACKAGED") {
            $0.begin()
            $0.command(7)
        },
        Refusal("COLO", "ENABLE_COLO") {
            $0.begin()
            $0.command(8)
        },
        Refusal("a foreign section", "'dirty-bitmap'") {
            $0.begin()
            $0.append(UInt8(1))
            $0.append(UInt32(3))
            $0.append(name: "dirty-bitmap")
            $0.append(UInt64(1))
        },
        Refusal("a second RAM", "another") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.startRAM(id: 3, [("m", 4096)])
        },
        Refusal("pages before RAM is announced", "the start of RAM first") {
            $0.begin()
            $0.part()
        },
        Refusal("the part of another section", "section 9") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part(id: 9)
        },
        Refusal(
            "device state before the end of RAM", "end of RAM, which cannot be received: switch background-snapshot off"
        ) {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.endSection()
            $0.deviceSection([1])
        },
        Refusal("the end of a stream before RAM", "type 0") {
            $0.begin()
            $0.append(UInt8(0))
        },
        Refusal("a page beyond its block", "an offset within 'm'") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.zeroPage("m", 1)
        },
        Refusal("a page of an unknown block", "'x'") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.zeroPage("x", 0)
        },
        Refusal("a first page without a name", "the name of its RAMBlock") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.zeroPage(nil, 0)
        },
        Refusal("a zero page of ones", "zeros") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.append(UInt64(2))
            $0.append(name: "m")
            $0.append(UInt8(1))
        },
        Refusal("a delta longer than a page", "at most 4096") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.append(UInt64(0x40))
            $0.append(name: "m")
            $0.append(hexadecimal("01 1001"))
        },
        Refusal("a page of the compress capability", "switch compress off") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.append(UInt64(0x100))
        },
        Refusal("RDMA", "RDMA") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.append(UInt64(0x80))
        },
        Refusal("two kinds in one record", "one kind of page") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection()
            $0.part()
            $0.append(UInt64(0x0a))
        },
        Refusal("a block twice", "each once") {
            $0.begin()
            $0.startRAM([("m", 4096), ("m", 4096)])
        },
        Refusal("a block of half a page", "a multiple of 4096") {
            $0.begin()
            $0.append(UInt8(1))
            $0.append(UInt32(2))
            $0.append(name: "ram")
            $0.append(hexadecimal("00000000 00000004 0000000000001004 01 6d 0000000000000800"))
        },
        Refusal("too much RAM", "the size of RAM") {
            $0.begin()
            $0.append(UInt8(1))
            $0.append(UInt32(2))
            $0.append(name: "ram")
            $0.append(hexadecimal("00000000 00000004 7fffffffffff0004"))
        },
        Refusal("a wrong footer", "its footer") {
            $0.begin()
            $0.startRAM([("m", 4096)])
            $0.endSection(id: 3)
        },
        Refusal("thousands of commands", "commands") {
            $0.begin()
            for _ in 0..<2000 { $0.command(1) }
        },
    ]

    @Test(arguments: refusals) func `what cannot be received is refused with a sentence`(refusal: Refusal) {
        do {
            _ = try records(of: refusal.bytes)
            Issue.record("it was accepted")
        } catch {
            #expect("\(error)".contains(refusal.expected), "\(error)")
        }
    }

    @Test func `damage anywhere is refused or changes what was sent, and never crashes`() throws {
        let bytes = Self.everything()
        let sent = try Self.content(of: bytes)
        var generator = SplitMix(state: 3)
        for _ in 0..<20_000 {
            var damaged = bytes
            let position = Int(generator.next() % UInt64(bytes.count))
            if generator.next() % 4 == 0 {
                damaged.removeSubrange(position...)
            } else {
                damaged[position] ^= UInt8(truncatingIfNeeded: 1 + generator.next() % 255)
            }
            _ = try? records(of: damaged, pieceByteCount: 1000)
            #expect((try? Self.content(of: damaged)) != sent, "the byte at \(position) tells nothing")
        }
    }

    /// A record, and the bytes of the stream that it points to.
    private struct Content: Equatable {
        var record: StreamRecord
        var bytes: [UInt8]
    }

    private static func content(of bytes: [UInt8]) throws -> [Content] {
        var decoder = StreamDecoder()
        var contents: [Content] = []
        var rest = bytes[...]
        while case (let record?, let byteCount) = try unsafe decoder.next(in: rest.span.bytes) {
            let range =
                switch record {
                case .page(_, let offset): offset..<offset + 4096
                case .delta(_, let range), .deviceState(let range), .earlySection(let range, _): range
                default: 0..<0
                }
            contents.append(Content(record: record, bytes: Array(rest.dropFirst(range.lowerBound).prefix(range.count))))
            rest = rest.dropFirst(byteCount)
        }
        return contents
    }
}
