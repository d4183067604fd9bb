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

    /// The first used to trap a replay of predictive, whose plan takes what remains divided by it.
    @Test(arguments: [
        #""ram-bytes-per-second":1e-13"#, #""ram-bytes-per-second":-1"#, #""affordable":-1"#, #""sync-duration":-1"#,
        #""switchover-overhead":-1"#, #""downtime-limit":-1"#,
    ])
    func `an outlook that no migration has is refused`(field: String) throws {
        let name = try #require(field.split(separator: ":").first)
        let text = String(decoding: try JSONEncoder().encode(recording), as: UTF8.self)
        let good = try #require(text.firstMatch(of: try Regex("\(name):[^,}]+")))
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(
                ThrottleRecording.self, from: Data(text.replacing(good.output[0].substring ?? "", with: field).utf8))
        }
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
