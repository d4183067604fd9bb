import MultifdSimulator

/// A simulated migration's report, with what was simulated beside it.
struct SimulationDocument: Encodable {
    let report: SimulationReport
    let scenario: Scenario

    private enum CodingKeys: String, CodingKey {
        case model
    }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(scenario, forKey: .model)
    }
}
