import Multifd
import Testing

struct MigrationErrorTests {
    @Test func `a message out of turn is named, and what was due`() {
        let found = ControlMessage.channelLost(3).name
        #expect(
            MigrationError.unexpectedMessage(expected: "no message before the end of the iteration", found: found)
                .description
                == "the peer sent channelLost 3 where no message before the end of the iteration was due: "
                + "it does not follow the protocol")
        #expect(ControlMessage.barrierReached(barrier: 7).name == "barrierReached 7")
        #expect(ControlMessage.deviceState([1]).name == "deviceState")
    }

    /// Whole seconds would make 0 of half a second.
    @Test func `times are told with what they have of a second`() {
        let half = Duration.milliseconds(500)
        #expect(
            MigrationError.timedOut(after: half, reason: "no source came").description
                == "the migration did not complete within 0.5 s (--timeout): no source came")
        #expect(
            MigrationError.switchoverTooSlow(after: .milliseconds(2340), downtimeLimit: half).description
                .hasPrefix("the guest was paused for 2.34 s, with a downtime-limit of 500 ms, "))
        #expect(
            TransportError.stalled(peer: "tcp:h:1", after: half).description
                == "nothing moved between here and tcp:h:1 for 0.5 s: the peer or the network is stuck")
        #expect(
            TransportError.unidentified(peer: "tcp:h:1", after: .seconds(1800)).description
                .hasPrefix("the connection from tcp:h:1 did not say within 1800 s what it is: "))
    }
}
