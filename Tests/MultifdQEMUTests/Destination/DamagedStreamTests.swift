import Foundation
import Multifd
import MultifdQEMU
import Testing

/// Whole receptions of streams that are cut or flipped somewhere: refused, or accepted with other content, but never a
/// crash or a hang, and never half a snapshot.
@Suite struct DamagedStreamTests {
    enum Kind: CaseIterable { case plain, round, section }

    struct Script: Sendable {
        var main = StreamBytes()
        /// What a channel says after its hello.
        var channels: [[UInt8]] = []
    }

    static func script(_ kind: Kind) -> Script {
        var script = Script()
        script.main.begin(machine: kind == .section ? "pc-i440fx-7.2" : "pc-i440fx-10.0")
        script.main.command(1)
        script.main.command(2, [0, 0, 0, 1])
        script.main.startRAM([("pc.ram", 16 << 12), ("pc.bios", 4 << 12)])
        if kind == .round { script.main.barrier() }
        script.main.endSection()
        script.main.part()
        script.main.zeroPage("pc.ram", 0)
        script.main.page("pc.bios", 1, page(3))
        if kind == .plain {
            for number in 1..<8 { script.main.page("pc.ram", number, page(UInt8(number))) }
            script.main.delta(nil, 5, [0x00, 0x02, 0x01, 0x01, 0x05, 0x01, 0x09])
        }
        script.main.endSection()
        script.main.endRAM(barrier: kind == .round)
        script.main.deviceState([UInt8](repeating: 0x7e, count: 300))
        guard kind != .plain else { return script }
        for channel in 0..<2 {
            let pages = (0..<4).map { (channel * 4 + $0 + 1, UInt8($0 + 1)) }
            var bytes = PacketBytes.sync()
            bytes += PacketBytes.pages("pc.ram", normal: pages, zero: [12 + channel], sync: kind == .section)
            bytes += PacketBytes.stale("pc.ram")
            bytes += PacketBytes.sync()
            script.channels.append(bytes)
        }
        return script
    }

    static func play(_ script: Script, on source: ScriptedSource) throws {
        for channel in script.channels.indices { try source.addChannel(UInt8(channel)) }
        for (channel, bytes) in script.channels.enumerated() { try source.send(bytes, on: channel) }
        try source.send(script.main)
    }

    @Test(arguments: Kind.allCases) func `undamaged it is accepted`(kind: Kind) async throws {
        let directory = try ScratchDirectory()
        let script = Self.script(kind)
        let snapshot = try await receive(into: directory, channels: script.channels.count) { source in
            try Self.play(script, on: source)
            _ = try source.receive(16)
        }.get()
        try snapshot.verify()
    }

    @Test(arguments: Kind.allCases, 0..<4)
    func `damage anywhere ends in a refusal or a whole snapshot`(kind: Kind, part: Int) async throws {
        let directory = try ScratchDirectory()
        var generator = SplitMix(state: UInt64(part) + 17)
        var accepted = 0
        let roundCount = 150
        for round in 0..<roundCount {
            var script = Self.script(kind)
            Self.damage(&script, &generator)
            let damaged = script
            let name = "snapshot-\(round)"
            let result = try await receive(into: directory, channels: script.channels.count, name: name) { source in
                try Self.play(damaged, on: source)
            }
            switch result {
            case .success(let snapshot):
                accepted += 1
                try snapshot.verify()
            case .failure:
                #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/\(name)"))
            }
        }
        #expect(!directory.names.contains { $0.contains("partial") })
        // Most bytes are structure or are covered by the walk of the device state.
        #expect(accepted < roundCount)
    }

    private static func damage(_ script: inout Script, _ generator: inout SplitMix) {
        let onChannel = !script.channels.isEmpty && generator.next() % 2 == 0
        let channel = Int(generator.next() % 2)
        var bytes = onChannel ? script.channels[channel] : script.main.bytes
        let position = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 3 {
        case 0: bytes.removeSubrange(position...)
        case 1: bytes.remove(at: position)
        default: bytes[position] ^= UInt8(1 << (generator.next() % 8))
        }
        if onChannel { script.channels[channel] = bytes } else { script.main.bytes = bytes }
    }
}
