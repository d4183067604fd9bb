import Multifd
import Synchronization

/// What a script heard, for the test to look at.
final class Answers: Sendable {
    private let heard = Mutex<[UInt8]>([])
    var bytes: [UInt8] { heard.withLock { $0 } }
    func set(_ bytes: [UInt8]) { heard.withLock { $0 = bytes } }
}

extension ScriptedSource {
    /// What has come by now.
    func receiveWhatThereIs() throws -> [UInt8] {
        try main.receiveAvailable(upTo: 64, within: .zero, patience: Patience(limit: .seconds(1))) ?? []
    }
}
