import Multifd

extension PeriodSample {
    /// A sample of one second, with amounts in MB.
    static func megabytes(dirtied: Int, transferred: Int, at second: Int = 1) -> PeriodSample {
        PeriodSample(
            time: .seconds(second), duration: .seconds(1), bytesDirtied: dirtied * 1_000_000,
            bytesTransferred: transferred * 1_000_000)
    }
}
