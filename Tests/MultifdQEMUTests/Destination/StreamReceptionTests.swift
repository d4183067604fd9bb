import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Receptions from a scripted source, over real sockets.
@Suite struct StreamReceptionTests {
    @Test func `a guest on the main connection is stored and the source told`() async throws {
        let directory = try ScratchDirectory()
        let answers = Answers()
        let snapshot = try await receive(into: directory) { source in
            var stream = StreamBytes()
            stream.begin()
            stream.command(1)
            stream.command(2, [0, 0, 0, 9])
            stream.startRAM(id: 5, [("pc.ram", 6 << 12), ("0000:00:02.0/vga.vram", 2 << 12)])
            stream.endSection(id: 5)
            stream.part(id: 5)
            stream.page("pc.ram", 0, page(7))
            stream.zeroPage(nil, 1)
            stream.page(nil, 2, page(8))
            stream.page("0000:00:02.0/vga.vram", 1, page(9))
            stream.endSection(id: 5)
            stream.part(id: 5, end: true)
            // Dirtied meanwhile: one page is zero now, of another one byte has changed.
            stream.zeroPage("pc.ram", 2)
            stream.delta(nil, 0, [0x00, 0x01, 0x55])
            stream.endSection(id: 5)
            stream.deviceState()
            try source.send(stream)
            answers.set(try source.receive(20))
        }.get()
        #expect(answers.bytes == hexadecimal("0007 0000 0002 0004 00000009 0001 0004 00000000"))
        try snapshot.verify()
        #expect(try firstBytes(of: snapshot, "pc.ram") == [0x55, 0, 0, 0, 0, 0])
        #expect(try firstBytes(of: snapshot, "0000:00:02.0/vga.vram") == [0, 9])
        let ram = snapshot.manifest.ramBlocks[0]
        #expect(ram.neverSent == [[3, 3]])
        #expect(snapshot.manifest.ramBlocks[1].neverSent == [[0, 1]])
        let machine = try #require(snapshot.manifest.qemu)
        #expect(machine.ramSectionID == 5)
        #expect(machine.deviceSections == [DeviceSection(name: "timer", instance: 0, version: 2, size: 5)])
    }

    /// QEMU 7.2: the end of each section is a barrier, SYNC may come with pages, and leftovers follow it.
    @Test(arguments: [nil, 2]) func `channels meet by section`(announced: Int?) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await receive(into: directory, channels: announced) { source in
            var stream = StreamBytes.guest(pages: 8, machine: "pc-i440fx-7.2")
            try source.send(stream)
            try source.addChannel(0)
            try source.addChannel(1)
            try source.send(PacketBytes.sync(), on: 0)
            try source.send(PacketBytes.sync(), on: 1)
            // Section 1: channel 0 writes page 0, main zeroes page 1.
            stream = StreamBytes()
            stream.part()
            stream.zeroPage("m", 1)
            stream.endSection()
            // Section 2: main zeroes page 0, channel 1 writes page 1, with its SYNC in the same packet.
            stream.part()
            stream.zeroPage("m", 0)
            stream.endSection()
            stream.endRAM()
            stream.deviceState()
            try source.send(PacketBytes.pages("m", normal: [(5, 5), (0, 1)], sync: true), on: 0)
            try source.send(PacketBytes.stale("m"), on: 0)
            try source.send(stream)
            try source.send(PacketBytes.sync(), on: 1)
            try source.send(PacketBytes.sync(), on: 0)
            try source.send(PacketBytes.pages("m", normal: [(1, 2)], sync: true), on: 1)
            try source.send(PacketBytes.stale("m"), on: 1)
            try source.send(PacketBytes.sync(), on: 0)
            try source.send(PacketBytes.sync(), on: 1)
            try source.send(PacketBytes.stale("m"), on: 1)
        }.get()
        #expect(try firstBytes(of: snapshot, "m") == [0, 2, 0, 0, 0, 5, 0, 0])
        #expect(snapshot.manifest.qemu?.syncMode == .section)
        #expect(snapshot.manifest.qemu?.multifdChannels == 2)
    }

    @Test(arguments: [nil, 3]) func `channels meet by round`(announced: Int?) async throws {
        let directory = try ScratchDirectory()
        let snapshot = try await receive(into: directory, channels: announced) { source in
            // QEMU 10 connects its channels before it says a word.
            for channel in [2, 0, 1] { try source.addChannel(UInt8(channel), uuid: 77) }
            var stream = StreamBytes.guest(pages: 8, barrier: true)
            stream.part()
            stream.endSection()
            stream.part()
            stream.barrier()
            stream.zeroPage("m", 4)
            stream.endSection()
            stream.endRAM(barrier: true)
            stream.deviceState()
            try source.send(stream)
            for channel in 0..<3 { try source.send(PacketBytes.sync(), on: channel) }
            // Before the second barrier; main zeroes page 4 behind it.
            try source.send(PacketBytes.pages("m", normal: [(7, 7), (4, 4)], zero: [1]), on: 0)
            try source.send(PacketBytes.pages("m", normal: [(2, 2)]), on: 1)
            for channel in 0..<3 { try source.send(PacketBytes.sync(), on: channel) }
            try source.send(PacketBytes.pages("m", normal: [], zero: [2]), on: 2)
            for channel in 0..<3 { try source.send(PacketBytes.sync(), on: channel) }
        }.get()
        #expect(try firstBytes(of: snapshot, "m") == [0, 0, 0, 0, 0, 0, 0, 7])
        #expect(snapshot.manifest.ramBlocks[0].neverSent == [[0, 1], [3, 1], [5, 2]])
        #expect(snapshot.manifest.qemu?.syncMode == .round)
        #expect(snapshot.manifest.qemu?.uuid == "0000000000000000000000000000004d")
    }

    @Test func `a source that waits for an answer learns of a failure`() async throws {
        let directory = try ScratchDirectory()
        let answers = Answers()
        _ = try await receive(into: directory) { source in
            try source.begin()
            var stream = StreamBytes()
            stream.command(4)
            try source.send(stream)
            answers.set(try source.receive(12))
        }
        #expect(answers.bytes == hexadecimal("0007 0000 0001 0004 00000001"))
    }

    /// The source has given its guest away by then: the snapshot must not go, whoever cancels.
    @Test func `once the source has been told, a cancel comes too late`() async throws {
        let directory = try ScratchDirectory()
        let path = "\(directory.path)/snapshot"
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"), snapshot: SnapshotTarget(path: path), logger: silent)
        let received = Task { try await destination.run() }
        let source = try ScriptedSource(to: destination.uri)
        var stream = StreamBytes.guest(returnPath: true)
        stream.endRAM()
        stream.deviceState()
        try source.send(stream)
        #expect(try source.receive(12) == hexadecimal("0007 0000 0001 0004 00000000"))
        destination.cancel()
        #expect(try await received.value.status == .completed)
        try Snapshot(path: path).verify()
    }

    @Test func `a source without a return path is sent nothing`() async throws {
        let directory = try ScratchDirectory()
        let answers = Answers()
        let snapshot = try await receive(into: directory) { source in
            var stream = StreamBytes.guest()
            stream.endRAM()
            stream.deviceState()
            try source.send(stream)
            usleep(400_000)
            answers.set(try source.receiveWhatThereIs())
        }.get()
        #expect(answers.bytes.isEmpty)
        #expect(snapshot.manifest.qemu?.returnPath == false)
    }

    @Test func `without snapshot a QEMU is told to use one`() async throws {
        let directory = try ScratchDirectory()
        let destination = try MigrationDestination(
            listeningOn: .unix(path: "\(directory.path)/in"), target: MemoryTarget(), logger: silent)
        let received = Task { try await destination.run() }
        let source = try ScriptedSource(to: destination.uri)
        var stream = StreamBytes()
        stream.begin()
        try source.send(stream)
        await #expect { try await received.value } throws: { "\($0)".contains("--snapshot") }
    }
}
