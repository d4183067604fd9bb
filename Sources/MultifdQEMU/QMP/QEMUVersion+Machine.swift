extension QEMUVersion {
    /// Its channels meet once a round, where older ones meet after each section.
    static let firstWithRounds = QEMUVersion(major: 8, minor: 1)
    /// It has the capability `switchover-ack`.
    static let firstWithSwitchoverAcknowledgement = QEMUVersion(major: 8, minor: 1)

    private static let versionedFamilies: Set = ["pc-i440fx", "pc-q35", "virt", "pseries", "s390-ccw-virtio"]

    /// The first version that had a machine type. Nil for a type without a version, or of a distribution.
    ///
    /// - Parameter machine: as a stream has it, such as `pc-i440fx-10.0`.
    init?(ofMachine machine: String) {
        guard let dash = machine.lastIndex(of: "-"), Self.versionedFamilies.contains(String(machine[..<dash])) else {
            return nil
        }
        let numbers = machine[dash...].dropFirst().split(separator: ".").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        self.init(major: numbers[0], minor: numbers[1])
    }
}
