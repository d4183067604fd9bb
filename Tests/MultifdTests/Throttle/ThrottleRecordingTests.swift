import FoundationEssentials
import Multifd
import Testing

@Suite struct ThrottleRecordingTests {
    private let recording = ThrottleRecording(
        parameters: ThrottleParameters(policy: .dynamic),
        samples: (1...6).map { second in
            var sample = PeriodSample.megabytes(dirtied: 90, transferred: 100, at: second)
            sample.writes = [
                WriteObservation(duration: .microseconds(1_000_500), guestTime: .milliseconds(500), bytesWritten: 7)
            ]
            sample.outlook = MigrationOutlook(
                remainingByteCount: 5, ramBytesPerSecond: 1.5, affordableByteCount: 3, syncDuration: .microseconds(250))
            return sample
        })

    @Test func `a recording reads back as it was written, to the microsecond`() throws {
        let data = try JSONEncoder().encode(recording)
        #expect(try JSONDecoder().decode(ThrottleRecording.self, from: data) == recording)
    }

    @Test func `each policy decides on the same samples in its own way`() {
        func throttles(_ policy: ThrottlePolicy) -> [Int] {
            var parameters = ThrottleParameters(policy: .dynamic)
            parameters.policy = policy
            return recording.decisions(of: parameters).map(\.to.rawValue)
        }
        #expect(throttles(.dynamic) == [20, 30, 40])
        #expect(throttles(.geometric) == [30, 51, 66])
        // 80 − 80 × 50 / 90 is more than an increment, each time.
        #expect(throttles(.tailslow) == [20, 30, 40])
        #expect(throttles(.legacy2013) == [])
    }
}
