import Multifd
import Testing

@Suite struct ThrottleParametersTests {
    @Test func `the defaults are valid for every policy`() throws {
        for policy in ThrottlePolicy.allCases {
            var parameters = ThrottleParameters(policy: .dynamic)
            parameters.policy = policy
            try parameters.validate()
        }
    }

    @Test func `a value out of range is refused by name`() {
        let cases: [(WritableKeyPath<ThrottleParameters, Int>, Int, String, ClosedRange<Int>)] = [
            (\.triggerThreshold, 0, "throttle-trigger-threshold", 1...100),
            (\.triggerThreshold, 101, "throttle-trigger-threshold", 1...100),
            (\.initial, 100, "cpu-throttle-initial", 1...99),
            (\.increment, 0, "cpu-throttle-increment", 1...99),
            (\.maximum, 19, "max-cpu-throttle", 20...99),
            (\.periodicInterval, 11, "cpu-periodic-throttle-interval", 1...10),
        ]
        for (key, value, name, range) in cases {
            var parameters = ThrottleParameters(policy: .dynamic)
            parameters[keyPath: key] = value
            #expect(throws: ParameterError.outOfRange(name: name, valid: range, found: value)) {
                try parameters.validate()
            }
        }
    }

    @Test func `a combination that makes no sense is refused in a sentence`() {
        var parameters = ThrottleParameters(policy: .dynamic)
        parameters.isResponsive = true
        for policy in [ThrottlePolicy.predictive, .legacy2013] {
            parameters.policy = policy
            #expect(throws: ParameterError.responsiveWithoutTrigger(policy)) { try parameters.validate() }
        }
        var tail = ThrottleParameters(policy: .dynamic)
        tail.tailStart = 80
        #expect(throws: ParameterError.self) { try tail.validate() }
        #expect(
            ParameterError.outOfRange(name: "max-cpu-throttle", valid: 20...99, found: 5).description
                == "Parameter 'max-cpu-throttle' expects a value between 20 and 99, not 5")
    }
}
