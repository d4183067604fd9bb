/// Auto-converge: turns samples into a throttle, by the policy of its parameters. Pure: the live engine and the simulator
/// give it the same samples and get the same decisions.
package struct ThrottleController: Sendable {
    private enum Mechanism {
        case stepping(any ThrottleTrigger, ThrottleStep)
        case predicting(PredictiveThrottle)
    }

    /// May change but for the policy and its trigger.
    package var parameters: ThrottleParameters {
        didSet { if parameters != oldValue { adopt(parameters) } }
    }
    /// In force.
    package private(set) var throttle = ThrottlePercentage.off
    private var mechanism: Mechanism

    package init(_ parameters: ThrottleParameters) {
        self.parameters = parameters
        guard let step = ThrottleStep(parameters) else {
            mechanism = .predicting(PredictiveThrottle(maximum: parameters.maximum))
            return
        }
        let trigger: any ThrottleTrigger =
            if parameters.policy == .legacy2013 {
                Legacy2013Trigger()
            } else if parameters.isResponsive {
                ResponsiveTrigger()
            } else {
                DirtyRateTrigger()
            }
        mechanism = .stepping(trigger, step)
    }

    private mutating func adopt(_ parameters: ThrottleParameters) {
        switch mechanism {
        case .stepping(let trigger, let step):
            mechanism = .stepping(trigger, ThrottleStep(parameters) ?? step)
        case .predicting(var predictive):
            predictive.maximum = ThrottlePercentage(clamping: parameters.maximum)
            mechanism = .predicting(predictive)
        }
    }

    /// When the policy wants syncs beside those that are made anyway: times after the last sample's, ascending.
    package var requestedSyncs: [Duration] {
        if case .predicting(let predictive) = mechanism { predictive.requestedSyncs } else { [] }
    }

    /// Decides on a sample. Nil leaves the throttle as it is.
    package mutating func update(with sample: PeriodSample) -> ThrottleDecision? {
        decision(on: sample) ?? loweredToMaximum(on: sample)
    }

    /// What the policy decides.
    private mutating func decision(on sample: PeriodSample) -> ThrottleDecision? {
        switch mechanism {
        case .stepping(var trigger, let step):
            let firing = trigger.firing(on: sample, threshold: parameters.triggerThreshold)
            mechanism = .stepping(trigger, step)
            guard let firing else { return nil }
            let next = min(step.next(after: throttle.rawValue, on: sample), parameters.maximum)
            guard next != throttle.rawValue else { return nil }
            return decide(ThrottlePercentage(clamping: next), firing, on: sample)
        case .predicting(var predictive):
            let prediction = predictive.predict(from: sample, throttle: throttle)
            mechanism = .predicting(predictive)
            guard let prediction else { return nil }
            return decide(
                prediction.throttle, TriggerFiring(trigger: .prediction, reason: prediction.reason), on: sample)
        }
    }

    /// The maximum may have been lowered since the throttle came into force.
    private mutating func loweredToMaximum(on sample: PeriodSample) -> ThrottleDecision? {
        guard throttle.rawValue > parameters.maximum else { return nil }
        let firing = TriggerFiring(trigger: .maximum, reason: "max-cpu-throttle is \(parameters.maximum) % now")
        return decide(ThrottlePercentage(clamping: parameters.maximum), firing, on: sample)
    }

    /// Takes the throttle off, at the end of a migration, however it ended. Nil when there is none.
    ///
    /// - Parameter reason: how it ended, such as `completed`.
    package mutating func release(at time: Duration, reason: String) -> ThrottleDecision? {
        guard throttle != .off else { return nil }
        defer { throttle = .off }
        return ThrottleDecision(
            time: time, bytesDirtied: 0, bytesTransferred: 0, trigger: .release, from: throttle, to: .off,
            reason: "\(reason): throttle \(throttle.rawValue) → 0 %")
    }

    private mutating func decide(
        _ next: ThrottlePercentage, _ firing: TriggerFiring, on sample: PeriodSample
    ) -> ThrottleDecision {
        defer { throttle = next }
        let change = next == throttle ? "" : ": throttle \(throttle.rawValue) → \(next.rawValue) %"
        return ThrottleDecision(
            time: sample.time, bytesDirtied: sample.bytesDirtied, bytesTransferred: sample.bytesTransferred,
            trigger: firing.trigger, from: throttle, to: next, reason: firing.reason + change)
    }
}
