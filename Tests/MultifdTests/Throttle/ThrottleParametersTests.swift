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
            #expect(throws: ParameterError.self) { try parameters.validate() }
        }
        var tail = ThrottleParameters(policy: .dynamic)
        tail.tailStart = 80
        let error = #expect(throws: ParameterError.self) { try tail.validate() }
        #expect(
            error?.description
                == "Parameter 'cpu-throttle-tail-start' does nothing with the policy 'dynamic': leave it out or choose "
                + "tailslow-parameters")
        #expect(
            ParameterError.outOfRange(name: "max-cpu-throttle", valid: 20...99, found: 5).description
                == "Parameter 'max-cpu-throttle' expects a value between 20 and 99, not 5")
    }

    @Test func `the maximum is no lower than the first step, where there is one`() throws {
        var parameters = ThrottleParameters(policy: .predictive)
        parameters.maximum = 10
        try parameters.validate()
        parameters.policy = .tailslow
        #expect(throws: ParameterError.outOfRange(name: "max-cpu-throttle", valid: 20...99, found: 10)) {
            try parameters.validate()
        }
    }

    @Test func `another policy keeps what it looks at, and nothing else`() {
        var parameters = ThrottleParameters(policy: .tailslowParameters)
        (parameters.initial, parameters.maximum) = (30, 90)
        (parameters.tailStart, parameters.tailRate, parameters.isResponsive) = (60, 40, true)
        let dynamic = parameters.adapted(to: .dynamic)
        #expect(dynamic.initial == 30 && dynamic.maximum == 90 && dynamic.isResponsive)
        #expect(dynamic.tailStart == 100 && dynamic.tailRate == 100)
        var expected = ThrottleParameters(policy: .predictive)
        expected.maximum = 90
        #expect(parameters.adapted(to: .predictive) == expected)
    }
}
