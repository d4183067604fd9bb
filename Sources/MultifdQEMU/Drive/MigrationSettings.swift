import Logging
import Multifd

/// Changes QEMU's migration capabilities and parameters, and changes them back.
struct MigrationSettings {
    private let qmp: QMPClient
    private let capabilities: [String: Bool]
    private let parameters: [String: JSONValue]
    private var changedCapabilities: [String: Bool] = [:]
    private var changedParameters: [String: JSONValue] = [:]

    /// Reads what is set.
    init(_ qmp: QMPClient) throws(QEMUError) {
        self.qmp = qmp
        var capabilities: [String: Bool] = [:]
        for entry in try qmp.ask("query-migrate-capabilities").array ?? [] {
            guard let name = entry["capability"]?.string, let state = entry["state"]?.bool else { continue }
            capabilities[name] = state
        }
        self.capabilities = capabilities
        if case .object(let found) = try qmp.ask("query-migrate-parameters") {
            parameters = found
        } else {
            parameters = [:]
        }
    }

    func hasCapability(_ name: String) -> Bool { capabilities[name] != nil }
    func hasParameter(_ name: String) -> Bool { parameters[name] != nil }

    /// Checks that nothing goes in the clear over a network which the operator wants encrypted: TLS is not spoken here.
    func checkEncryption(to uri: MigrationURI, _ logger: Logger) throws(QEMUError) {
        guard let credentials = parameters["tls-creds"]?.string, !credentials.isEmpty else { return }
        guard case .unix = uri else { throw .encrypted(credentials: credentials, uri: "\(uri)") }
        logger.warning("QEMU's tls-creds '\(credentials)' is not used on \(uri), which does not leave this machine")
    }

    /// Sets capabilities, all in one command, because some exclude each other. Those that this QEMU does not know are
    /// left out.
    mutating func set(_ wanted: [String: Bool]) throws(QEMUError) {
        let changes = wanted.filter { name, state in capabilities[name].map { $0 != state } ?? false }
        guard !changes.isEmpty else { return }
        // First: what is not answered in time may still be done.
        for name in changes.keys { changedCapabilities[name] = capabilities[name] }
        try apply(changes)
    }

    /// Sets parameters. Those that this QEMU does not know are left out.
    mutating func set(_ wanted: [String: JSONValue]) throws(QEMUError) {
        let changes = wanted.filter { name, value in parameters[name].map { $0 != value } ?? false }
        guard !changes.isEmpty else { return }
        for name in changes.keys { changedParameters[name] = parameters[name] }
        try qmp.ask("migrate-set-parameters", .object(changes))
    }

    /// Sets everything back to what it was. What one command is refused, the other still does, and what was not done can
    /// be tried again.
    mutating func restore() throws(QEMUError) {
        let first = Result { () throws(QEMUError) in
            if !changedParameters.isEmpty { try qmp.ask("migrate-set-parameters", .object(changedParameters)) }
            changedParameters = [:]
        }
        if case .failure(.qmp(let error)) = first, error.isLoss || error.isTimeout { throw .qmp(error) }
        let second = Result { () throws(QEMUError) in
            if !changedCapabilities.isEmpty { try apply(changedCapabilities) }
            changedCapabilities = [:]
        }
        try first.get()
        try second.get()
    }

    private func apply(_ states: [String: Bool]) throws(QEMUError) {
        let list = states.sorted { $0.key < $1.key }.map { name, state -> JSONValue in
            ["capability": .string(name), "state": .bool(state)]
        }
        try qmp.ask("migrate-set-capabilities", ["capabilities": .array(list)])
    }
}

extension MigrationSettings {
    /// Capabilities of ways to migrate that we do not support, each off. With `x-ignore-shared` memory stays behind.
    static let unsupportedCapabilities = [
        "postcopy-ram", "x-colo", "dirty-bitmaps", "mapped-ram", "compress", "block", "background-snapshot",
        "pause-before-switchover", "switchover-ack", "zero-copy-send", "rdma-pin-all", "postcopy-preempt",
        "release-ram", "x-ignore-shared",
    ]

    /// What to set for a migration over multifd channels, or over the main connection alone when there are none. A
    /// QEMU with deltas on refuses channels, also where it takes a guest in.
    static func capabilities(multifd: Bool, xbzrle: Bool = false) -> [String: Bool] {
        var states = ["multifd": multifd, "xbzrle": xbzrle]
        for name in unsupportedCapabilities { states[name] = false }
        return states
    }

    /// Parameters of a source.
    static func saving(_ parameters: MigrationParameters) -> [String: JSONValue] {
        var wanted = channels(parameters)
        wanted["multifd-zlib-level"] = .integer(parameters.multifdZlibLevel)
        wanted["multifd-zstd-level"] = .integer(parameters.multifdZstdLevel)
        // Zero means no limit with us, and so does this much.
        wanted["max-bandwidth"] = .integer(parameters.maxBandwidth > 0 ? parameters.maxBandwidth : 1 << 40)
        wanted["avail-switchover-bandwidth"] = .integer(parameters.availSwitchoverBandwidth)
        // With 0 it does not look again what the guest has written, and pauses it after the first iteration.
        wanted["downtime-limit"] = .integer(max(1, Int(parameters.downtimeLimit.milliseconds)))
        wanted["xbzrle-cache-size"] = .integer(parameters.xbzrleCacheSize)
        wanted["zero-page-detection"] = .string(parameters.zeroPageDetection.rawValue)
        // Not QEMU's ways to restart on the same host.
        wanted["mode"] = "normal"
        if parameters.autoConverge {
            wanted["throttle-trigger-threshold"] = .integer(parameters.throttle.triggerThreshold)
            wanted["cpu-throttle-initial"] = .integer(parameters.throttle.initial)
            wanted["cpu-throttle-increment"] = .integer(parameters.throttle.increment)
            wanted["max-cpu-throttle"] = .integer(parameters.throttle.maximum)
            wanted["cpu-throttle-tailslow"] = .bool(parameters.throttle.policy == .tailslow)
        }
        return wanted
    }

    /// Parameters of either end.
    static func channels(_ parameters: MigrationParameters) -> [String: JSONValue] {
        [
            "multifd-channels": .integer(parameters.multifdChannels),
            "multifd-compression": .string(parameters.multifdCompression.rawValue),
            "tls-creds": "",
        ]
    }
}
