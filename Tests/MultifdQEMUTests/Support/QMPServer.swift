import Foundation
import Multifd
import MultifdQEMU
import Synchronization

/// A QMP server that greets, and answers each request with what `answer` makes of its command, id and arguments; without
/// an answer it hangs up, and serves whoever comes next.
final class QMPServer: Sendable {
    static let greeting = """
        {"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian"}, "capabilities": ["oob"]}}
        """

    typealias Answer = @Sendable (String, Int, JSONValue?) -> String?

    let listener: Listener
    private let isStopped: Flag
    private let thread: WorkerThread

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    init(in directory: ScratchDirectory, greeting: String = QMPServer.greeting, answer: @escaping Answer) throws {
        let listener = try Listener(on: .unix(path: "\(directory.path)/qmp"))
        let isStopped = Flag()
        self.listener = listener
        self.isStopped = isStopped
        thread = WorkerThread(name: "qmp-server") {
            while !isStopped.value.load(ordering: .relaxed) {
                if let connection = try? listener.accept(within: Patience.tick) {
                    Self.serve(connection, greeting, answer)
                }
            }
        }
    }

    deinit { isStopped.value.store(true, ordering: .relaxed) }

    private static func serve(_ connection: Connection, _ greeting: String, _ answer: Answer) {
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
