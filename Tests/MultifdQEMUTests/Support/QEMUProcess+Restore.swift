import Multifd
import MultifdQEMU

extension QEMUProcess {
    /// Tells a QEMU that was started with `-incoming defer` where to wait.
    func listen(channels: Int, compression: String) throws -> MigrationURI {
        let uri = MigrationURI.unix(path: "\(directory.path)/out.sock")
        try qmp.execute(
            "migrate-set-capabilities",
            ["capabilities": [["capability": "multifd", "state": .bool(channels > 0)]]])
        if channels > 0 {
            try qmp.execute(
                "migrate-set-parameters",
                ["multifd-channels": .integer(channels), "multifd-compression": .string(compression)])
        }
        try qmp.execute("migrate-incoming", ["uri": .string("\(uri)")])
        return uri
    }

    /// Puts a snapshot into this QEMU.
    @discardableResult
    func restore(
        _ path: String, channels: Int = 0, compression: String = "none", syncMode: QEMUSendOptions.SyncMode? = nil
    ) async throws -> MigrationInfo {
        let uri = try listen(channels: channels, compression: compression)
        var options = QEMUSendOptions()
        options.multifdChannels = channels
        options.syncMode = syncMode
        var parameters = MigrationParameters()
        parameters.multifdCompression = MultifdCompression(rawValue: compression) ?? .none
        return try await QEMUSource(
            snapshot: Snapshot(path: path), to: uri, parameters: parameters, options: options, logger: silent
        ).run()
    }
}
