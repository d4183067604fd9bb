import Multifd
import MultifdQEMU
import Testing

/// A real QEMU's guest, recorded under load and played again.
@Suite(QEMUProcess.isInstalled, .serialized) struct RecordTests {
    static let modes: [SaveMode] = [
        SaveMode(xbzrle: true, records: true), SaveMode(channels: 2, compression: "zstd", records: true),
        SaveMode(channels: 2, compression: "zstd", machine: "pc-i440fx-7.2", records: true),
    ]

    @Test(arguments: modes) func `a recorded guest arrives again with the snapshot's memory`(mode: SaveMode)
        async throws
    {
        let directory = try ScratchDirectory()
        let qemu = try QEMUProcess(
            "vm", in: directory, program: PatternGuest.assemble(in: directory.path), machine: mode.machine)
        try qemu.waitForPasses(2)
        let path = "\(directory.path)/snapshot"
        _ = try await qemu.save(to: path, mode)
        qemu.kill()
        let snapshot = try Snapshot(path: path)
        try snapshot.verify()
        let recording = try Recording(snapshot)
        // The first pass, and at least what the guest wrote meanwhile; it writes half of its RAM all the time.
        #expect(recording.runs.count >= 2)
        let iterations = recording.description.iterations
        #expect(iterations[0].pageCount <= snapshot.manifest.ramBlocks.reduce(0) { $0 + $1.size } >> Page.shift)
        #expect(iterations.dropFirst().contains { $0.normal > 100 })

        for deltas in [false, true] {
            let (_, info, copy) = try await ReplayGuestTests.replay(
                recording, speed: .synced, to: "\(directory.path)/copy-\(deltas)",
                ReplayGuestTests.parameters(.zstd, deltas: deltas))
            #expect(info.status == .completed)
            #expect(copy.manifest.ramBlocks.map(\.hash) == snapshot.manifest.ramBlocks.map(\.hash))
        }
    }
}
