public import Multifd

/// How to save a running guest of QEMU.
public struct QEMUSaveOptions: Hashable, Sendable {
    /// What becomes of the guest once it is saved.
    public enum Afterwards: String, CaseIterable, Sendable {
        /// It runs on, if it ran before, as soon as all of it has come: it is written to the disk meanwhile.
        case resume
        /// It stays paused (QEMU: `postmigrate`).
        case leavePaused = "leave-paused"
        /// QEMU is ended.
        case quit
    }

    /// What becomes of the guest once it is saved.
    public var afterwards = Afterwards.resume
    /// Whether pages go over channels, as many as the parameters say; else all goes over the main connection.
    public var usesMultifd = true
    /// Whether to keep how memory changed meanwhile, too.
    public var records = false
    /// Where to listen for QEMU; nil for a socket in the directory for temporary files. QEMU must be able to reach it.
    public var uri: MigrationURI?

    /// The defaults.
    public init() {}
}
