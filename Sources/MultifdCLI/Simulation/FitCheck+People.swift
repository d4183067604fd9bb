import Multifd
import MultifdSimulator

extension FitCheck {
    /// Whether the model took as long as the run, in a line.
    var line: String {
        let (run, model) = (Duration.milliseconds(runTime).people, Duration.milliseconds(modelTime).people)
        guard runStatus.rawValue != modelStatus.rawValue else {
            return "fit: the run \(runStatus.rawValue) in \(run), its model in \(model)"
        }
        return "fit: the run was \(runStatus.rawValue) after \(run), its model after \(model) \(modelStatus.rawValue)"
    }
}
