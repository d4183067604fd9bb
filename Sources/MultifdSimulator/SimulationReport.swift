package import Multifd

/// What became of a simulated migration. Times in ms and sizes in bytes, as in the report of a live one.
package struct SimulationReport: Hashable, Sendable, Codable {
    /// One pass over the bitmap; the last is the one with the guest paused.
    package struct Iteration: Hashable, Sendable, Codable {
        package var iteration: Int
        package var pages: Int
        package var duplicate: Int
        package var transferred: Int
        package var duration: Int
        package var bytesDirtied: Int
        package var remaining: Int
        package var throttle: Int

        private enum CodingKeys: String, CodingKey {
            case iteration, pages, duplicate, transferred, duration
            case bytesDirtied = "bytes-dirtied"
            case remaining
            case throttle = "cpu-throttle-percentage"
        }
    }

    package enum Status: String, Sendable, Codable {
        case completed, failed
    }

    package var scenario: String
    package var policy: String
    package var status: Status
    /// Why it does not converge; nil when it does.
    package var reason: String?
    package var totalTime: Int
    package var downtime: Int
    package var downtimeLimit: Int
    package var transferred: Int
    package var dirtySyncCount: Int
    package var iterationCount: Int
    /// In force when it ended.
    package var finalThrottle: Int
    package var highestThrottle: Int
    /// Guest time that the throttle took away.
    package var workLost: Int
    package var iterations: [Iteration]
    package var throttleDecisions: [ThrottleDecision]

    private enum CodingKeys: String, CodingKey {
        case scenario
        case policy = "throttle-policy"
        case status
        case reason = "error-desc"
        case totalTime = "total-time"
        case downtime
        case downtimeLimit = "downtime-limit"
        case transferred
        case dirtySyncCount = "dirty-sync-count"
        case iterationCount = "iteration-count"
        case finalThrottle = "cpu-throttle-percentage"
        case highestThrottle = "highest-cpu-throttle-percentage"
        case workLost = "work-lost"
        case iterations
        case throttleDecisions = "throttle-decisions"
    }
}
