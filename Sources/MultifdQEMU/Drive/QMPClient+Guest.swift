extension QMPClient {
    /// Executes a command, for those who answer for more than QMP.
    @discardableResult
    func ask(_ command: String, _ arguments: JSONValue? = nil) throws(QEMUError) -> JSONValue {
        do { return try execute(command, arguments) } catch { throw .qmp(error) }
    }

    /// The guest's state: `running`, `paused`, `inmigrate`, ...
    func guestStatus() throws(QEMUError) -> String { try ask("query-status")["status"]?.string ?? "unknown" }

    /// The migration's state, nil when there has been none.
    func migrationStatus() throws(QEMUError) -> String? { try ask("query-migrate")["status"]?.string }
}
