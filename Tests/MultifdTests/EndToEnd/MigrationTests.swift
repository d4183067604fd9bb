import Multifd
import Testing

/// Whole migrations between two ends in this process, over real sockets.
@Suite(.serialized) struct MigrationTests {
    @Test(arguments: MultifdCompression.allCases, [1, 2, 8])
    func `a running guest arrives whole and goes on as if it had never moved`(
        compression: MultifdCompression, channels: Int
    ) async throws {
        let configuration = try WorkloadConfiguration(
            parsing: "workload:mixed,ram=64MiB,vcpus=2,working-set=8MiB,rate=40MB/s,seed=7")
        let guest = try WorkloadGuest(configuration: configuration)
        try guest.resume()
        let target = WorkloadTarget()
        var parameters = MigrationParameters()
        parameters.multifdChannels = channels
        parameters.multifdCompression = compression
        parameters.verifyMemory = true
        parameters.downtimeLimit = .seconds(2)  // a test machine may be busy
        let report = try await migrate(guest, to: target, parameters)

        #expect(report.status == .completed)
        #expect(report.verified)
        let arrived = try #require(target.guest)
        arrived.pause()
        let reference = try WorkloadGuest(configuration: configuration)
        try reference.run(toStepCounts: arrived.stepCounts)
        #expect(contents(of: arrived.memory) == contents(of: reference.memory))
        #expect(zip(arrived.stepCounts, guest.stepCounts).allSatisfy { $0 >= $1 })
        guest.shutDown()
        arrived.shutDown()
    }
}
