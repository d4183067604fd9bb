import Multifd

/// What a guest's RAM is taken in with, once its RAMBlocks are known.
final class Intake {
    let memory: IncomingMemory
    /// For the pages that come on the main connection.
    let pages: StreamPages
    let barrier: ReceiveBarrier

    /// - Parameters:
    ///   - blocks: what the stream calls the memory's RAMBlocks.
    ///   - channelCount: nil to take as many channels as have come by the first barrier.
    init(
        _ guest: GuestMemory, _ blocks: [StreamBlock], channelCount: Int?, recorder: (any PageRecorder)?
    ) throws(MemoryError) {
        memory = try IncomingMemory(guest, names: blocks.map(\.name), keepsZeroPages: true, recorder: recorder)
        pages = try StreamPages(memory)
        barrier = channelCount.map { ReceiveBarrier(channelCount: $0) } ?? ReceiveBarrier()
    }
}
