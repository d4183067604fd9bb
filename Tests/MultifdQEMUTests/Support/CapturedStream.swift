import Multifd
import MultifdQEMU

/// What a QEMU sent for one migration, connection by connection, to be sent again and again.
struct CapturedStream: Sendable {
    var main: [UInt8] = []
    var channels: [[UInt8]] = []

    /// Migrates a guest to a listener that only takes down what comes. Without return path QEMU does not wait for a word.
    init(of qemu: QEMUProcess, _ mode: SaveMode) throws {
        try qemu.configure(mode)
        let listener = try Listener(on: .unix(path: "\(qemu.directory.path)/capture"))
        try qemu.qmp.execute("migrate", ["uri": .string("\(listener.uri)")])
        let captured = Condition<[[UInt8]]>([])
        var threads: [WorkerThread] = []
        try qemu.wait(for: "all connections") {
            guard let connection = try listener.accept(within: Patience.tick) else { return false }
            threads.append(
                WorkerThread(name: "capture") {
                    let bytes = Self.takeDown(connection)
                    captured.withLock { $0.append(bytes) }
                })
            return threads.count == mode.channels + 1
        }
        for thread in threads { thread.join() }
        try qemu.wait(for: "the end of the migration") { qemu.migrationStatus == "completed" }
        let all = captured.withLock { $0 }
        main = all.first { $0.first == 0x51 } ?? []
        // In the order of their numbers, which a hello says.
        channels = all.filter { $0.first == 0x11 }.sorted { $0[24] < $1[24] }
    }

    private static func takeDown(_ connection: Connection) -> [UInt8] {
        let patience = Patience(limit: .seconds(20))
        var bytes: [UInt8] = []
        while let piece = try? connection.receiveAvailable(upTo: 1 << 20, within: .seconds(20), patience: patience),
            !piece.isEmpty
        { bytes += piece }
        return bytes
    }

    /// Sends everything, all connections at once, and closes them.
    func play(to uri: MigrationURI) {
        let threads = ([main] + channels).map { bytes in
            WorkerThread(name: "play") {
                let patience = Patience(limit: .seconds(20))
                // What goes wrong here is what the destination brought about: it is asked how it ended.
                guard
                    let connection = try? Connection.connect(
                        to: MigrationPath(destination: uri), deadline: .seconds(5), patience: patience)
                else { return }
                try? connection.send(bytes, patience: patience)
                connection.shutdown()
            }
        }
        for thread in threads { thread.join() }
    }
}
