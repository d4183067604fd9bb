import Foundation
import Multifd
import MultifdQEMU
import Testing

/// A real QEMU with a guest that runs, saved by us.
@Suite(QEMUProcess.isInstalled, .serialized) struct ReceiveTests {
    static let modes: [SaveMode] = [
        SaveMode(), SaveMode(returnPath: false), SaveMode(xbzrle: true),
        SaveMode(channels: 1), SaveMode(channels: 2, compression: "zstd"),
        SaveMode(channels: 4, compression: "zlib", announcedChannels: 4, isTCP: true),
        SaveMode(channels: 3, compression: "zstd", returnPath: false, isTCP: true),
        SaveMode(channels: 2, compression: "zstd", machine: "pc-i440fx-7.2"),
        SaveMode(channels: 2, machine: "pc-q35-7.2"),
    ]

    @Test(arguments: modes) func `a running guest is saved whole`(mode: SaveMode) async throws {
        let directory = try ScratchDirectory()
        let source = try QEMUProcess(
            "source", in: directory, program: PatternGuest.assemble(in: directory.path), machine: mode.machine)
        try source.waitForPasses(2)
        let path = "\(directory.path)/snapshot"
        let info = try await source.save(to: path, mode)
        #expect(info.status == .completed)
        #expect(info.channels.count == mode.channels)

        let snapshot = try Snapshot(path: path)
        try snapshot.verify()
        let machine = try #require(snapshot.manifest.qemu)
        #expect(machine.machine.hasPrefix(mode.machine == "pc" ? "pc-i440fx-" : mode.machine))
        #expect(machine.multifdChannels == mode.channels)
        #expect(machine.returnPath == mode.returnPath)
        #expect(machine.deviceSections.contains { $0.name == "timer" })
        let ram = try #require(snapshot.manifest.ramBlocks.first { $0.name == "pc.ram" })
        #expect(ram.size == PatternGuest.ramByteCount)
        #expect(ram.neverSent.isEmpty)
        #expect(try PatternGuest.defect(inRAM: "\(path)/\(ram.file)") == nil)
        #expect(!directory.names.contains { $0.contains("partial") })
    }
}
