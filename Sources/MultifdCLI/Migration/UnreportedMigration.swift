/// A migration is complete, and its report is nowhere.
package struct UnreportedMigration: Error, CustomStringConvertible {
    let reason: any Error

    package init(reason: any Error) { self.reason = reason }

    package var description: String { "the migration is complete, but its report is lost: \(reason)" }
}
