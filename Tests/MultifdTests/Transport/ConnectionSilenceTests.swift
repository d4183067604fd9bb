import Glibc
import Testing

@testable import Multifd

/// For how long others have waited for a connection's peer.
@Suite struct ConnectionSilenceTests {
    /// One that had nothing to say in a pause of all channels is not yet late when the first of the others arrives.
    @Test func `a peer's silence counts from when others wait for it`() throws {
        let pair = try LoopbackPair()
        let patience = Patience(limit: .seconds(60))
        let begin = MonotonicTime.now
        let receiver = WorkerThread(name: "receiver") { _ = try? pair.near.receive(1, patience: patience) }
        while pair.near.silence == .zero { sched_yield() }
        #expect(pair.near.silence(since: begin) > .zero)
        #expect(pair.near.silence(since: .now + .seconds(3600)) == .zero)
        try pair.far.send([7], patience: patience)
        receiver.join()
        #expect(pair.near.silence(since: begin) == .zero)
    }
}
