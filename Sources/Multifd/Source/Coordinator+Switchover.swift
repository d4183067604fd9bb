import Logging

extension Coordinator {
    /// Syncs, and decides whether what is pending now fits into the downtime limit.
    func isReadyToSwitchOver() throws(MigrationError) -> Bool {
        try sync()
        estimator.promisedBandwidth = state.parameters.availSwitchoverBandwidth
        if isHashingInTheWay {
            try hashAhead()
            try sync()
        }
        if let iteration = statistics.iterations.last { state.live.tell(.iteration(iteration)) }
        let pending = pendingPageCount << Page.shift
        let limit = state.parameters.downtimeLimit
        let overhead = switchoverOverhead()
        statistics.switchoverOverhead = overhead
        statistics.expectedDowntime = estimator.expectedDowntime(pendingByteCount: pending, overhead: overhead)
        try publishIfDue()
        let isReady = estimator.shouldSwitchOver(
            pendingByteCount: pending, downtimeLimit: limit, overhead: overhead)
        if !isReady { try pace() }
        return isReady
    }

    /// Whether the guest could be paused now if what was sent since memory was hashed last were hashed ahead. It is not at
    /// each iteration: the guest writes meanwhile.
    private var isHashingInTheWay: Bool {
        guard digest != nil else { return false }
        let pending = pendingPageCount << Page.shift
        let limit = state.parameters.downtimeLimit
        return !estimator.shouldSwitchOver(
            pendingByteCount: pending, downtimeLimit: limit, overhead: switchoverOverhead())
            && estimator.shouldSwitchOver(
                pendingByteCount: pending, downtimeLimit: limit, overhead: switchoverOverhead(isHashedAhead: true))
    }

    private func pace() throws(MigrationError) {
        let shortest = IterationPace.shortest
        guard let last = statistics.iterations.last, last.duration < shortest else { return }
        Patience.sleep(for: shortest - last.duration)
        do { try state.patience.check(peer: "\(uri)") } catch { throw .transport(error) }
    }

    /// What the switchover will cost beside the last pages.
    ///
    /// - Parameters:
    ///   - isHashedAhead: whether all but those pages is hashed ahead of it.
    ///   - finalSync: how long its sync takes, if not as long as it may.
    func switchoverOverhead(isHashedAhead: Bool = false, finalSync: Duration? = nil) -> SwitchoverOverhead {
        let rate = max(estimator.ramBytesPerSecond ?? 1e8, 1e6)
        return SwitchoverOverhead(
            // Pausing waits for a step of each vCPU, about a millisecond.
            finalSync: (finalSync ?? estimator.finalSync) + .milliseconds(1),
            deviceState: .seconds(Double(guest.expectedDeviceStateByteCount) / rate) + .milliseconds(1),
            // Three exchanges: device state and totals, handover, and the guest's start at the destination.
            commit: statistics.roundTrip.duration * 3 + .milliseconds(2),
            // Twice, because the two ends may share the machine's cores.
            verification: (digest?.expectedDuration(
                touching: bitmap, of: guest.memory, isHashedAhead: isHashedAhead) ?? .zero) * 2)
    }

    /// Pauses the guest, sends the rest, and hands the guest over.
    func switchOver() throws(MigrationError) {
        statistics.beginSwitchover()
        let isRunning = guest.dirtyLog != nil
        if isRunning { try pauseGuest() }
        try sendDeviceState()
        try commit()
    }

    /// A paused guest waits no longer than this for its handover.
    var switchoverLimit: Duration { max(deadlines.switchover, state.parameters.downtimeLimit * 10) }

    private func pauseGuest() throws(MigrationError) {
        isPauseBegun = true
        state.beginSwitchover(within: switchoverLimit)
        try asking("pause the guest") { try guest.pause() }
        statistics.endPause(currentCounts)
        publish(.device)
        try sync()
        statistics.endStep(\.finalSync)
        try iterate()
        statistics.endStep(\.finalIteration)
    }

    private func sendDeviceState() throws(MigrationError) {
        let bytes = try asking("save the device state") { try guest.saveDeviceState() }
        guard bytes.count <= ControlMessage.maximumBodyByteCount else {
            throw .guest(
                operation: "send the device state",
                reason: "it has \(bytes.count) bytes, and at most \(ControlMessage.maximumBodyByteCount) are allowed")
        }
        try send(.deviceState(bytes))
        statistics.endStep(\.deviceState)
    }

    /// Lets the destination check everything, and gives the guest away.
    private func commit() throws(MigrationError) {
        let sent = channels.filter { !lostChannels.contains($0.number) }.map(\.totals).reduce(SessionTotals(), +)
        try send(.finish(sent))
        // Both ends hash at the same time.
        try updateDigest()
        let sourceDigest = digest?.value ?? 0
        var destinationDigest: UInt64 = 0
        try awaitReply("verified") { message in
            guard case .verified(let value) = message else { return false }
            destinationDigest = value
            return true
        }
        guard sourceDigest == destinationDigest else {
            throw .digestMismatch(source: sourceDigest, destination: destinationDigest)
        }
        statistics.endStep(\.commit)

        guard state.handOver() else { throw .cancelled }
        try send(.handover)
        try confirmHandover()
        statistics.endSwitchover()
    }

    /// From the handover on the guest is the destination's, unless it refuses. The end of the connection proves
    /// nothing: what stands between the two ends, a tunnel for example, may have gone with the answer.
    private func confirmHandover() throws(MigrationError) {
        do throws(MigrationError) {
            guard let message = try main?.receive(), message != .running else { return }
            throw .unexpectedMessage(expected: "running", found: message.name)
        } catch .refused(let peer, let reason) {
            throw .refused(peer: peer, reason: reason)
        } catch {
            logger.error("the destination did not confirm the handover: \(error)")
            throw .handoverUnconfirmed(peer: "\(uri)")
        }
    }
}
