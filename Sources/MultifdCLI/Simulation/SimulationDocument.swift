import MultifdSimulator

/// What became of a simulated migration, or of one for each policy, with what was simulated beside it.
struct SimulationDocument<Report: Encodable>: Encodable {
    let report: Report
    let scenario: Scenario
    /// What is not as certain as it looks.
    let caveats: [String]
    /// Nil where no run was fitted.
    let fit: FitCheck?

    private enum CodingKeys: String, CodingKey {
        case model, caveats, fit
    }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(scenario, forKey: .model)
        try container.encode(caveats, forKey: .caveats)
        try container.encodeIfPresent(fit, forKey: .fit)
    }
}
