package import Multifd

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

    /// Checks that nothing is asked of a QEMU that saves its guest which it does not do.
    package func validateForSavingQEMU(usesMultifd: Bool) throws(ParameterError) {
        try validateForQEMU()
        // Only the end that compresses looks at a level, and ours knows faster ones, too.
        guard Self.zstdLevelsOfQEMU.contains(multifdZstdLevel) else {
            throw .outOfRange(name: "multifd-zstd-level", valid: Self.zstdLevelsOfQEMU, found: multifdZstdLevel)
        }
        guard !xbzrle || !usesMultifd else { throw .needless(name: "xbzrle", without: "no-multifd") }
        let unsupported = [
            ("verify-memory", verifyMemory), ("vcpu-dirty-limit", vcpuDirtyLimit != nil),
            ("cpu-responsive-throttle", autoConverge && throttle.isResponsive),
        ]
        for (name, isAsked) in unsupported where isAsked { throw .notWithQEMU(name: name) }
        guard !autoConverge || Self.policiesOfQEMU.contains(throttle.policy) else {
            throw .unknownValue(
                name: "throttle-policy", accepted: Self.policiesOfQEMU.map(\.rawValue), found: throttle.policy.rawValue)
        }
    }

    private static let zstdLevelsOfQEMU = 0...20
    private static let policiesOfQEMU: [ThrottlePolicy] = [.dynamic, .tailslow]

    /// Checks that nothing is asked of a transfer into a QEMU that its protocol has no room for.
    func validateForSendingToQEMU() throws(ParameterError) {
        try validateForQEMU()
        let unsupported = [
            ("xbzrle", xbzrle), ("verify-memory", verifyMemory), ("auto-converge", autoConverge),
            ("vcpu-dirty-limit", vcpuDirtyLimit != nil),
        ]
        for (name, isAsked) in unsupported where isAsked { throw .notWithQEMU(name: name) }
    }
}
