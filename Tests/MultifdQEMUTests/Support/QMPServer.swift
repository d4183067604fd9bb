import Foundation
import Multifd
import MultifdQEMU

/// A QMP server that greets, and answers each request with what `answer` makes of its command, id and arguments.
final class QMPServer: Sendable {
    static let greeting = """
        {"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian"}, "capabilities": ["oob"]}}
        """

    let listener: Listener
    private let thread: WorkerThread

    init(
        in directory: ScratchDirectory, greeting: String = QMPServer.greeting,
        answer: @escaping @Sendable (String, Int, JSONValue?) -> String?
    ) throws {
        let listener = try Listener(on: .unix(path: "\(directory.path)/qmp"))
        self.listener = listener
        thread = WorkerThread(name: "qmp-server") {
            guard let connection = listener.accept(within: .seconds(10)) else { return }
            let patience = Patience(limit: .seconds(5))
            try? connection.send(Array((greeting + "\r\n").utf8), patience: patience)
            var text = ""
            while let bytes = try? connection.receiveAvailable(upTo: 4096, within: .seconds(5), patience: patience) {
                text += String(decoding: bytes, as: UTF8.self)
                while let end = text.firstIndex(of: "\n") {
                    let line = text[..<end]
                    text.removeSubrange(...end)
                    guard let request = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)),
                        let command = request["execute"]?.string, let id = request["id"]?.integer
                    else { return connection.shutdown() }
                    let reply =
                        command == "qmp_capabilities"
                        ? "{\"return\": {}, \"id\": \(id)}" : answer(command, id, request["arguments"])
                    guard let reply else { return connection.shutdown() }
                    try? connection.send(Array((reply + "\r\n").utf8), patience: patience)
                }
            }
        }
    }
}
