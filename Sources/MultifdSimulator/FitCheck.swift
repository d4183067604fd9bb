package import Multifd

/// What became of a run, and of its model when nothing else is changed: how far to believe what the model says of something
/// else. Times in ms.
package struct FitCheck: Hashable, Sendable, Encodable {
    package let runStatus: MigrationStatus
    package let runTime: Int
    package let modelStatus: SimulationReport.Status
    package let modelTime: Int

    /// - Parameter scenario: as fitted.
    package init(of run: MigrationInfo, by scenario: Scenario) {
        let report = Simulation.run(scenario)
        (runStatus, runTime) = (run.status, Int(saturating: run.totalTime.seconds * 1000))
        (modelStatus, modelTime) = (report.status, report.totalTime)
    }

    private enum CodingKeys: String, CodingKey {
        case runStatus = "run-status"
        case runTime = "run-total-time"
        case modelStatus = "model-status"
        case modelTime = "model-total-time"
    }
}
