import Multifd

extension MigrationParameters {
    private static let compressionsOfQEMU: [MultifdCompression] = [.none, .zlib, .zstd]

    /// Checks the values, and that a QEMU knows them, too.
    func validateForQEMU() throws(ParameterError) {
        try validate()
        guard Self.compressionsOfQEMU.contains(multifdCompression) else {
            throw .unknownValue(
                name: "multifd-compression", accepted: Self.compressionsOfQEMU.map(\.rawValue),
                found: multifdCompression.rawValue)
        }
    }
}
