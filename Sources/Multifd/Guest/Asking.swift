/// Runs a call into the guest, or into the target that it comes to, and names it when it fails.
func asking<Value>(_ operation: String, _ body: () throws -> Value) throws(MigrationError) -> Value {
    do { return try body() } catch { throw .guest(operation: operation, reason: "\(error)") }
}
