import ArgumentParser
import Multifd
import MultifdSimulator

extension MultifdCommand {
    /// A migration on a virtual clock.
    struct Simulate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells how a migration would go, without making one.",
            discussion: """
                Guest and link are models; syncs, throttle and switchover are decided by the code that decides in a live \
                migration. It takes a moment, whatever the size.

                With --fit, guest and link are taken from what `multifd send --json` printed, to ask what would have \
                been: every other option changes the one thing it names. How long the run took, and how long its \
                unchanged model takes, is told as well.

                Examples:

                  multifd simulate --ram 1TiB --vcpus 64 --working-set 1GiB --rate 200MB/s \\
                    --bandwidth 25Gbit/s --downtime-limit 5000 --auto-converge
                  multifd simulate --fit run.json --auto-converge --policy predictive
                  multifd simulate --fit run.json --max-bandwidth 50MB/s --json
                  multifd simulate --fit run.json --vcpu-dirty-limit 50
                  multifd simulate --fit run.json --all-policies
                """)

        @Option(help: ArgumentHelp("Take guest and link from this report of a live run.", valueName: "file"))
        var fit: String?

        @Option(help: ArgumentHelp("Begin with a guest and a link drawn at random.", valueName: "seed"))
        var random: UInt64?

        @Option(
            help: ArgumentHelp(
                "Begin with a guest and a link with published results: rhel-60, 2024-3000, 2013, ...",
                valueName: "name"))
        var published: Choice<PublishedScenario>?

        @OptionGroup(title: "Guest and link")
        var options: ScenarioOptions

        @Flag(inversion: .prefixedNo, help: "Slow the guest down. (default: as in the run that is fitted, else not)")
        var autoConverge: Bool?

        @OptionGroup(title: "Throttle")
        var dirtyLimit: DirtyLimitOptions

        @OptionGroup(title: "Throttle")
        var policy: PolicyOptions

        @Flag(
            help: """
                Compare every throttle policy, each with its defaults, except that tailslow-parameters has 60 and 40, \
                because its defaults make it dynamic.
                """)
        var allPolicies = false

        @Flag(help: "Print one JSON document.")
        var json = false

        func validate() throws {
            guard [fit != nil, random != nil, published != nil].filter(\.self).count < 2 else {
                throw ValidationError("give one of --fit, --random and --published")
            }
            try ValidationError.wrapping { _ = try published?.value(of: "published") }
            if allPolicies, let name = nameOfOneGiven {
                throw ValidationError("--all-policies tries them all, with their defaults: leave out --\(name)")
            }
            try ValidationError.wrapping {
                if fit == nil || options.xbzrle == false { try options.checkUse(sendsDeltas: options.xbzrle ?? false) }
                guard dirtyLimit.vcpuDirtyLimit == nil || autoConverge != true else {
                    throw ParameterError.dirtyLimitWithAutoConverge
                }
                let needless = policy.nameOfOneNeedless(withDirtyLimit: dirtyLimit.vcpuDirtyLimit != nil)
                if let needless, autoConverge != true, fit == nil || autoConverge == false {
                    throw ParameterError.needless(name: needless, without: "auto-converge")
                }
                // The file tells otherwise what these are added to.
                if fit == nil { try policy.parameters().validate() }
            }
        }

        /// One of the throttle's parameters, if any was asked for.
        private var nameOfOneGiven: String? {
            policy.nameOfOneGiven ?? autoConverge.map { _ in "auto-converge" }
                ?? dirtyLimit.vcpuDirtyLimit.map { _ in "vcpu-dirty-limit" }
        }

        func run() throws {
            let run = try fittedRun()
            let initial = try initial(from: run)
            var scenario = try options.scenario(from: initial)
            try options.checkUse(sendsDeltas: scenario.sendsDeltas)
            guard !scenario.sendsDeltas || scenario.knowsDeltas else { throw RunFitError.noDeltas }
            let linkCaveat = fit.flatMap { _ in options.caveat(about: scenario.link, beyond: initial.link) }
            let guestCaveat = options.caveat(about: scenario.guest, from: initial.guest)
            let caveats = scenario.caveats + [guestCaveat, linkCaveat].compactMap(\.self)
            for caveat in caveats { StandardError.writeLine("multifd: \(caveat)") }
            let check = run.map { FitCheck(of: $0, by: initial) }
            if allPolicies { return try compare(scenario, caveats: caveats, check) }
            try setThrottle(of: &scenario)
            let report = Simulation.run(scenario)
            if json {
                let document = SimulationDocument(report: report, scenario: scenario, caveats: caveats, fit: check)
                try JSONDocument(document).print()
            } else {
                try StandardOutput.writeLine(SimulationText(report, scenario: scenario).text)
                try writeLine(of: check)
            }
        }

        /// What was asked for takes the place of what the run that is fitted had.
        private func setThrottle(of scenario: inout Scenario) throws {
            if let autoConverge {
                scenario.throttle = autoConverge ? scenario.throttle ?? ThrottleParameters() : nil
                scenario.dirtyLimit = nil
            }
            if let quota = try dirtyLimit.quota() { (scenario.throttle, scenario.dirtyLimit) = (nil, quota) }
            if let throttle = scenario.throttle {
                scenario.throttle = try policy.parameters(defaults: throttle)
                try scenario.throttle?.validate()
            } else if let needless = policy.nameOfOneNeedless(withDirtyLimit: scenario.dirtyLimit != nil) {
                throw ParameterError.needless(name: needless, without: "auto-converge")
            } else {
                // Of the steps' parameters only the threshold can have been given, which has the same range here.
                var parameters = ThrottleParameters(policy: .dynamic)
                parameters.triggerThreshold = scenario.dirtyLimitThreshold
                policy.steps.apply(to: &parameters)
                try parameters.validate()
                scenario.dirtyLimitThreshold = parameters.triggerThreshold
            }
        }

        private func writeLine(of check: FitCheck?) throws {
            if let check { try StandardOutput.writeLine(check.line) }
        }

        private func compare(_ scenario: Scenario, caveats: [String], _ check: FitCheck?) throws {
            let comparison = PolicyComparison(of: scenario)
            guard !json else {
                let document = SimulationDocument(report: comparison, scenario: scenario, caveats: caveats, fit: check)
                return try JSONDocument(document).print()
            }
            try StandardOutput.writeLine(PolicyTable(comparison).text)
            try writeLine(of: check)
        }

        private func fittedRun() throws -> MigrationInfo? {
            try fit.map { try JSONDocument.read(MigrationInfo.self, from: $0, writtenBy: "multifd send --json") }
        }

        private func initial(from run: MigrationInfo?) throws -> Scenario {
            if let random { return .random(seed: random) }
            if let published { return try published.value(of: "published").scenario }
            return try run.map { try RunFit($0).scenario } ?? ScenarioOptions.defaults
        }
    }
}
