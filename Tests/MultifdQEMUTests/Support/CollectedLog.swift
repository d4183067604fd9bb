import Logging
import Synchronization

/// What a logger was told that a person would see: warnings and worse.
final class CollectedLog: Sendable {
    private let found = Mutex<[String]>([])

    var lines: [String] { found.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var logLevel = Logger.Level.warning
        var metadata = Logger.Metadata()

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.found.withLock { $0.append("\(event.message)") } }
    }
}
