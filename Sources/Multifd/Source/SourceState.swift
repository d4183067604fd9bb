import Synchronization

/// What the coordinator's thread shares with those who watch and steer a migration.
final class SourceState: Sendable {
    let patience: Patience
    let limiter: BandwidthLimiter
    let live = LiveReport(keeping: 256)
    private let shared: Mutex<Shared>

    /// What the throttle decided on.
    private let samples = Mutex<[PeriodSample]>([])

    private struct Shared {
        var parameters: MigrationParameters
        var startedAt: MonotonicTime?
        /// When a guest that is paused by then is to be handed over.
        var switchoverEnd: MonotonicTime?
        /// Past this point a cancel comes too late: the guest may already run at the destination.
        var isHandedOver = false
    }

    init(parameters: MigrationParameters, patience: Patience) {
        self.patience = patience
        limiter = BandwidthLimiter(bytesPerSecond: parameters.maxBandwidth)
        shared = Mutex(Shared(parameters: parameters))
    }

    var parameters: MigrationParameters { shared.withLock { $0.parameters } }

    /// The timeout counts from here.
    func begin() {
        shared.withLock { shared in
            shared.startedAt = .now
            setDeadline(shared)
        }
    }

    private func setDeadline(_ shared: Shared) {
        guard let startedAt = shared.startedAt, !shared.isHandedOver else { return }
        let timeout = shared.parameters.timeout
        let end = timeout > .zero ? startedAt + timeout : nil
        patience.setDeadline([end, shared.switchoverEnd].compactMap(\.self).min())
    }

    /// From here on the guest is paused, and is to be handed over within this time.
    func beginSwitchover(within time: Duration) {
        shared.withLock { shared in
            shared.switchoverEnd = .now + time
            setDeadline(shared)
        }
    }

    /// Whether the guest has been paused for longer than it may be.
    var isSwitchoverOverdue: Bool { shared.withLock { $0.switchoverEnd.map { $0 <= .now } ?? false } }

    /// Takes a change over into the running migration.
    func apply(_ changes: ParameterChanges) throws(ParameterError) {
        let result = shared.withLock { shared in
            Result { () throws(ParameterError) in
                shared.parameters = try shared.parameters.applying(changes)
                limiter.bytesPerSecond = shared.parameters.maxBandwidth
                setDeadline(shared)
            }
        }
        try result.get()
    }

    func record(_ sample: PeriodSample) { samples.withLock { $0.append(sample) } }

    var recording: ThrottleRecording {
        ThrottleRecording(parameters: parameters.throttle, samples: samples.withLock { $0 })
    }

    /// - Returns: false when it comes too late.
    @discardableResult
    func cancel() -> Bool {
        shared.withLock { shared in
            guard !shared.isHandedOver else { return false }
            patience.stop()
            return true
        }
    }

    /// From here on cancelling is refused, and there is no timeout.
    ///
    /// - Returns: false when the migration was cancelled before.
    func handOver() -> Bool {
        shared.withLock { shared in
            guard !patience.isStopped else { return false }
            shared.isHandedOver = true
            patience.setDeadline(nil)
            return true
        }
    }
}
