import Multifd

/// A migration failed, and its guest is none the worse.
struct GuestRunsOn: Error, CustomStringConvertible {
    let reason: MigrationError

    var description: String { "\(reason); the guest runs on at the source" }
}
