import Logging
import Multifd
import MultifdQEMU
import Testing

/// A logger that says nothing.
let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// How a source is set up.
struct SaveMode: Sendable, CustomTestStringConvertible {
    var channels = 0
    var compression = "none"
    var xbzrle = false
    var returnPath = true
    /// Nil: the destination counts them.
    var announcedChannels: Int?
    var machine = "pc"
    var isTCP = false
    var records = false

    var testDescription: String {
        "\(machine), \(channels) channels\(announcedChannels == nil ? "" : " (announced)"), \(compression)"
            + "\(xbzrle ? ", xbzrle" : "")\(returnPath ? "" : ", no return path")\(isTCP ? ", tcp" : "")"
    }
}

extension QEMUProcess {
    /// Sets the source up through QMP.
    func configure(_ mode: SaveMode) throws {
        func capability(_ name: String, _ state: Bool) -> JSONValue {
            ["capability": .string(name), "state": .bool(state)]
        }
        try qmp.execute(
            "migrate-set-capabilities",
            [
                "capabilities": [
                    capability("multifd", mode.channels > 0), capability("return-path", mode.returnPath),
                    capability("xbzrle", mode.xbzrle),
                ]
            ])
        var parameters: [String: JSONValue] = ["max-bandwidth": .integer(1 << 40), "downtime-limit": 2000]
        if mode.channels > 0 {
            parameters["multifd-channels"] = .integer(mode.channels)
            parameters["multifd-compression"] = .string(mode.compression)
        }
        try qmp.execute("migrate-set-parameters", .object(parameters))
    }

    /// Makes a migration last until it is broken off: the guest dirties more than may be left for the downtime.
    func slowDown() throws {
        try qmp.execute("migrate-set-parameters", ["max-bandwidth": .integer(40 << 20), "downtime-limit": 1])
    }

    var migrationStatus: String? { try? qmp.execute("query-migrate")["status"]?.string }

    /// Migrates into a snapshot and waits for both ends.
    func save(
        to path: String, _ mode: SaveMode, during: @Sendable (MigrationDestination) async throws -> Void = { _ in }
    ) async throws -> MigrationInfo {
        try configure(mode)
        let uri: MigrationURI = mode.isTCP ? .tcp(host: "127.0.0.1", port: 0) : .unix(path: "\(directory.path)/in.sock")
        let target = try SnapshotTarget(path: path, records: mode.records)
        var options = QEMUReceiveOptions()
        options.multifdChannels = mode.announcedChannels
        var deadlines = Deadlines()
        deadlines.total = .seconds(60)
        let destination = try MigrationDestination(
            listeningOn: uri, snapshot: target, qemu: options, deadlines: deadlines, logger: silent)
        async let received = destination.run()
        // A QEMU whose migration has just failed says so before it has wound it up, and refuses another one until then.
        try wait(for: "QEMU to be ready to migrate") {
            do {
                try qmp.execute("migrate", ["uri": .string("\(destination.uri)")])
                return true
            } catch QMPError.refused(_, _, let reason) where reason.contains("yank") {
                return false
            }
        }
        try await during(destination)
        let info = try await received
        try wait(for: "the end of the migration") { migrationStatus == "completed" }
        return info
    }
}
