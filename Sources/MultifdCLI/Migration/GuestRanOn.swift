import Multifd

/// A migration failed, and its guest was none the worse; but it lives in this process.
struct GuestRanOn: Error, CustomStringConvertible {
    let reason: MigrationError

    var description: String { "\(reason); the guest ran on at the source, and ends with this command" }
}
