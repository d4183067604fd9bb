import Multifd

extension QMPClient {
    /// Connects for a migration: a QEMU that serves another client is waited for no longer than that may take.
    convenience init(connectingTo address: MigrationURI, for parameters: MigrationParameters) throws(QMPError) {
        try self.init(connectingTo: address, within: parameters.timeout > .zero ? parameters.timeout : nil)
    }

    /// Executes a command, for those who answer for more than QMP.
    @discardableResult
    func ask(
        _ command: String, _ arguments: JSONValue? = nil, within time: Duration? = nil
    ) throws(QEMUError) -> JSONValue {
        do { return try execute(command, arguments, within: time) } catch { throw .qmp(error) }
    }

    /// The guest's state: `running`, `paused`, `inmigrate`, ...
    func guestStatus() throws(QEMUError) -> String { try ask("query-status")["status"]?.string ?? "unknown" }

    /// Waits until QEMU has wound its migration up, which it does after it has called it completed or failed. Settings
    /// that change meanwhile, above all the capability multifd, make QEMU 10.0 abort.
    ///
    /// What is to be yanked if it hangs is what tells: a migration is on that list until it is wound up.
    package func waitForWindingUp(within time: Duration) throws(QEMUError) {
        let end = MonotonicTime.now + time
        while MonotonicTime.now < end {
            let instances: [JSONValue]
            do {
                instances = try ask("query-yank").array ?? []
            } catch .qmp(.refused(_, "CommandNotFound", _)) {
                return  // before QEMU 6.0: it does not say
            }
            guard instances.contains(where: { $0["type"]?.string == "migration" }) else { return }
            Patience.sleep(for: .milliseconds(10))
        }
        throw .migration(
            reason: "it hangs in its last migration, as it may when a destination is killed while channels connect: "
                + "its guest runs on, but nothing can migrate it before QEMU is restarted")
    }

    /// The migration's state, nil when there has been none.
    func migrationStatus() throws(QEMUError) -> String? { try ask("query-migrate")["status"]?.string }
}
