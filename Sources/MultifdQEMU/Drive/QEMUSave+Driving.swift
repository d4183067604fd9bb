import Logging
import Multifd
import Synchronization

/// QEMU's side, on a thread of its own: what it is told over QMP, and what it says.
extension QEMUSave {
    /// Has QEMU migrate its guest to here, and leaves it as it is to be left.
    func drive() throws(QEMUError) {
        let status = try qmp.guestStatus()
        guard Self.savableStates.contains(status) else { throw .guestState(status) }
        var settings = try MigrationSettings(qmp)
        try check(settings)
        try settings.checkEncryption(to: destination.uri, logger)
        if let status = try qmp.migrationStatus(), Self.isUnderWay(status) { throw .busy(status: status) }
        // One that ended may still be on its way out.
        try qmp.waitForWindingUp(within: Self.patience)
        if let uuid = try qmp.ask("query-uuid")["UUID"]?.string { target.setSourceID(SessionID(uuid: uuid)) }
        state.withLock { $0.runs = Self.runningStates.contains(status) }
        var result = Result { () throws(QEMUError) in try migrate(&settings) }
        if options.afterwards == .quit, case .success = result {
            // A QEMU that stays has its settings back.
            do { return try afterSaving(quit) } catch { result = .failure(error) }
        }
        do {
            try reaching { () throws(QEMUError) in try settings.restore() }
        } catch {
            // Of a loss the error itself tells.
            if !error.isLoss { logger.error("QEMU's migration settings could not be changed back: \(error)") }
            // What went wrong before says more.
            try result.get()
            throw .savedBut(reason: "\(error)")
        }
        try result.get()
    }

    /// For what QEMU does without being waited for by anybody.
    private static let patience = Duration.seconds(30)

    /// For another connection to QEMU.
    private static let reconnecting = Duration.seconds(5)

    static let runningStates = ["running", "suspended"]
    private static let savableStates = runningStates + ["paused", "prelaunch", "debug"]

    /// Checks that this QEMU can do what is asked of it.
    private func check(_ settings: MigrationSettings) throws(QEMUError) {
        var needed = ["return-path"]
        if options.usesMultifd { needed.append("multifd") }
        if parameters.xbzrle { needed.append("xbzrle") }
        if parameters.autoConverge { needed.append("auto-converge") }
        for name in needed where !settings.hasCapability(name) {
            throw .noCapability(name, version: qmp.version)
        }
        let asked = [
            ("zero-page-detection", parameters.zeroPageDetection != .multifd),
            ("avail-switchover-bandwidth", parameters.availSwitchoverBandwidth > 0),
            ("throttle-trigger-threshold", parameters.autoConverge),
        ]
        for (name, isAsked) in asked where isAsked && !settings.hasParameter(name) {
            throw .noParameter(name, version: qmp.version)
        }
    }

    private func migrate(_ settings: inout MigrationSettings) throws(QEMUError) {
        // Perhaps before it was begun: nothing is changed yet.
        guard !state.withLock({ $0.isCancelled }) else { throw .transfer(.cancelled) }
        var capabilities = MigrationSettings.capabilities(multifd: options.usesMultifd, xbzrle: parameters.xbzrle)
        capabilities["return-path"] = true
        // Of its steps, above all the last: a guest that is to run on waits for us to see it.
        capabilities["events"] = true
        // Else its throttle, if it has one, is as it was.
        if parameters.autoConverge {
            capabilities["auto-converge"] = true
            capabilities["dirty-limit"] = false
        }
        try settings.set(capabilities)
        try settings.set(MigrationSettings.saving(parameters))
        let resumed: Result<Void, QEMUError>
        state.withLock { $0.mayBePaused = $0.runs }
        do {
            try qmp.ask("migrate", ["uri": .string("\(destination.uri.forConnecting)")])
            let report = try follow()
            resumed = Result { () throws(QEMUError) in
                try reaching { () throws(QEMUError) in
                    try qmp.waitForWindingUp(within: Self.patience)
                    if options.afterwards == .resume, state.withLock({ $0.runs }) { try qmp.ask("cont") }
                }
                state.withLock { $0.mayBePaused = false }
            }
            try waitForStoring(report)
        } catch {
            rescue(from: error)
            throw error
        }
        try afterSaving { () throws(QEMUError) in try resumed.get() }
    }

    private func afterSaving(_ body: () throws(QEMUError) -> Void) throws(QEMUError) {
        do { try body() } catch { throw .savedBut(reason: "\(error)") }
    }

    /// Watches both ends until QEMU is done: it has heard from ours that all of its guest has come.
    ///
    /// - Returns: its report.
    private func follow() throws(QEMUError) -> JSONValue {
        let begun = MonotonicTime.now
        var receivedAt: MonotonicTime?
        while true {
            let report = try reaching { () throws(QEMUError) in try qmp.ask("query-migrate") }
            let status = report["status"]?.string ?? "none"
            live.publish { $0.take(report, from: self.destination.info) }
            let (isReceived, failure) = state.withLock { ($0.isReceived, $0.failure) }
            if status == "failed" || status == "cancelled" {
                // Which end met the cause is known by who has more to say.
                if let failure = waitForFailure(), !failure.isTransport { throw .transfer(failure) }
                throw .migration(reason: report["error-desc"]?.string ?? "it was \(status)")
            }
            if let failure { throw .transfer(failure) }
            if status == "completed" { return report }
            if status == "active" { try watchGuest() }
            try checkTimeout(since: begun)
            if status == "setup", MonotonicTime.now.since(begun) >= Self.patience {
                throw .migration(reason: "it does not get beyond setting up: it cannot reach \(destination.uri)")
            }
            if isReceived {
                let start = receivedAt ?? .now
                receivedAt = start
                guard MonotonicTime.now.since(start) < Self.patience else {
                    throw .migration(reason: "it has been told that its guest is saved and is still '\(status)'")
                }
            }
            try waitForStep()
        }
    }

    /// Somebody else may pause the guest meanwhile, or let it run, and that is how it is left. QEMU's own pause at the end
    /// has names of its own.
    private func watchGuest() throws(QEMUError) {
        let status = try reaching { () throws(QEMUError) in try qmp.guestStatus() }
        guard !["finish-migrate", "postmigrate"].contains(status) else { return }
        state.withLock { state in
            state.runs = Self.runningStates.contains(status)
            state.mayBePaused = state.runs
        }
    }

    /// What our end has to say of a failure that QEMU has heard of. It tells QEMU first, and us when it has cleaned up.
    private func waitForFailure() -> MigrationError? {
        let end = MonotonicTime.now + .seconds(1)
        while true {
            let (isReceived, failure) = state.withLock { ($0.isReceived, $0.failure) }
            if isReceived || failure != nil || MonotonicTime.now >= end { return failure }
            Patience.sleep(for: .milliseconds(10))
        }
    }

    /// Returns when QEMU reports a step of its migration, or after a moment.
    private func waitForStep() throws(QEMUError) {
        do throws(QMPError) {
            _ = try qmp.waitForEvent(within: .milliseconds(50)) { $0.name == "MIGRATION" }
        } catch .timedOut {
        } catch {
            // What is asked next sees to a loss.
            guard error.isLoss else { throw .qmp(error) }
        }
    }

    /// Watches our end until the guest is stored. QEMU is not asked any more: a guest that runs again may well have ended.
    private func waitForStoring(_ report: JSONValue) throws(QEMUError) {
        while true {
            live.publish { $0.take(report, from: self.destination.info) }
            let (isReceived, failure) = state.withLock { ($0.isReceived, $0.failure) }
            if let failure { throw .transfer(failure) }
            if isReceived { return live.publish { $0.status = .completed } }
            Patience.sleep(for: .milliseconds(50))
        }
    }

    /// What has all come and is being stored is not given up any more.
    private func checkTimeout(since begun: MonotonicTime) throws(QEMUError) {
        guard parameters.timeout > .zero, MonotonicTime.now.since(begun) >= parameters.timeout,
            destination.info.verified != true
        else { return }
        var advice = ["a larger --downtime-limit"]
        // What is given already is not to be given again.
        if !parameters.autoConverge { advice.append("--auto-converge") }
        if parameters.maxBandwidth > 0 { advice.append("a higher --max-bandwidth") }
        throw .transfer(
            .timedOut(
                after: parameters.timeout,
                reason: "the guest writes faster than it is sent, or its QEMU is slow: give "
                    + advice.joined(separator: " or ")))
    }

    private func quit() throws(QEMUError) {
        do {
            try qmp.ask("quit")
        } catch .qmp(.closed) {
            return  // it was quicker than its answer
        }
    }

    /// Sees to it that the guest runs on after a failure. The failure itself is what will be told.
    private func rescue(from failure: QEMUError) {
        destination.cancel()
        // Nothing has begun then. What QEMU migrates all the same is somebody else's, who was quicker.
        let isBegun = if case .qmp(.refused("migrate", _, _)) = failure { false } else { true }
        let resumes = state.withLock { state in
            state.isWindingUp = true
            state.mayBePaused = state.mayBePaused && isBegun
            return state.runs
        }
        guard isBegun else { return }
        do {
            try reaching { () throws(QEMUError) in try endMigration(resumes: resumes) }
        } catch {
            if !error.isLoss { logger.error("QEMU could not be asked to go on: \(error)") }
        }
    }

    private func endMigration(resumes: Bool) throws(QEMUError) {
        if let status = try qmp.migrationStatus(), Self.isUnderWay(status) { try qmp.ask("migrate_cancel") }
        let end = MonotonicTime.now + Self.patience
        while let status = try qmp.migrationStatus(), Self.isUnderWay(status), MonotonicTime.now < end {
            Patience.sleep(for: .milliseconds(50))
        }
        try qmp.waitForWindingUp(within: Self.patience)
        let status = try qmp.guestStatus()
        if resumes, !Self.runningStates.contains(status) { try qmp.ask("cont") }
        state.withLock { state in
            state.isRescued = true
            state.mayBePaused = false
            // Nothing but running it would change that.
            state.isCountedAsMigrated = !resumes && status == "postmigrate"
        }
    }

    /// Does what the guest may be waiting for, and where the connection to QEMU is lost, all of it again over another:
    /// what had stood between may have ended it. A QEMU that hangs is not waited for step by step once it is left.
    private func reaching<Value>(_ body: () throws(QEMUError) -> Value) throws(QEMUError) -> Value {
        do throws(QEMUError) {
            return try body()
        } catch {
            guard case .qmp(let loss) = error else { throw error }
            let (isLost, isWindingUp) = state.withLock { ($0.isLost, $0.isWindingUp) }
            if loss.isTimeout, isWindingUp {
                qmp.stopWaiting()
                throw lose(loss)
            }
            guard loss.isLoss else { throw error }
            // One that could not be had will not be had for the next step.
            guard !isLost else { throw lose(loss) }
            do { try qmp.reconnect(within: Self.reconnecting) } catch { throw lose(loss) }
            logger.warning("\(loss); it is connected again")
            return try body()
        }
    }

    private func lose(_ loss: QMPError) -> QEMUError {
        let mayBePaused = state.withLock { state in
            state.isLost = true
            return state.mayBePaused
        }
        return .lost(.qmp(loss), mayBePaused: mayBePaused)
    }

    private static func isUnderWay(_ status: String) -> Bool {
        !["none", "completed", "failed", "cancelled"].contains(status)
    }
}
