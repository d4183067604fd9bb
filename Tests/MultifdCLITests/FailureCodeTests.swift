import Multifd
import MultifdCLI
import MultifdQEMU
import Testing

@Suite struct FailureCodeTests {
    @Test func `the exit code says whether the guest may be elsewhere`() {
        #expect(FailureCode(MigrationError.cancelled) == .failure)
        #expect(FailureCode(MigrationError.handoverUnconfirmed(peer: "tcp:host:7000")) == .handedOver)
        #expect(FailureCode(UnreportedMigration(reason: MigrationError.cancelled)) == .handedOver)
        let unconfirmed = MigrationError.foreign(QEMUSendError.unconfirmed)
        #expect(FailureCode(unconfirmed) == .handedOver)
        #expect(FailureCode(QEMUError.transfer(unconfirmed)) == .handedOver)
        #expect(FailureCode(MigrationError.foreign(QEMUSendError.refused)) == .failure)
        let error = ParameterError.dirtyLimitWithAutoConverge
        for wrong: any Error in [error, MigrationError.parameter(error), QEMUError.transfer(.parameter(error))] {
            #expect(FailureCode(wrong) == .wrongUsage)
        }
        #expect(FailureCode.handedOver.rawValue == 3)
    }
}
