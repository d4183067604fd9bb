extension CodecChooser {
    /// What a packet's payload can be sent as, from the cheapest to the smallest.
    package enum Mode: Int, CaseIterable, Sendable {
        case none, zstdMinus5, zstdMinus1, zstd1, zstd3, zstd6

        /// The level of zstd; nil for a payload that goes as it is.
        var zstdLevel: Int? {
            switch self {
            case .none: nil
            case .zstdMinus5: -5
            case .zstdMinus1: -1
            case .zstd1: 1
            case .zstd3: 3
            case .zstd6: 6
            }
        }

        /// For reports: `none`, `zstd:-5`, ...
        package var name: String { zstdLevel.map { "zstd:\($0)" } ?? "none" }

        /// Where estimates begin: measured on programs, libraries and text, payloads of 512 KiB, one core. They say
        /// what is worth a trial; measurements replace them then. Beyond level 6 two percent less cost twice the time.
        var initialEstimate: Estimate {
            switch self {
            case .none: Estimate(secondsPerByte: 0, ratio: 1)
            case .zstdMinus5: Estimate(secondsPerByte: 1.05e-9, ratio: 0.49)
            case .zstdMinus1: Estimate(secondsPerByte: 1.34e-9, ratio: 0.425)
            case .zstd1: Estimate(secondsPerByte: 1.52e-9, ratio: 0.396)
            case .zstd3: Estimate(secondsPerByte: 3.6e-9, ratio: 0.368)
            case .zstd6: Estimate(secondsPerByte: 9e-9, ratio: 0.353)
            }
        }
    }

    /// What a mode costs and gives.
    struct Estimate {
        /// Encoding time for each byte of the payload before encoding.
        var secondsPerByte: Double
        /// Bytes after encoding for each byte before.
        var ratio: Double
    }
}
