import FoundationEssentials
import Multifd

extension MigrationURI {
    /// The same for a QEMU that has another working directory.
    var absolute: MigrationURI {
        guard case .unix(let path) = self, !path.isEmpty, !path.hasPrefix("/") else { return self }
        return .unix(path: "\(FileManager.default.currentDirectoryPath)/\(path)")
    }

    /// What a QEMU of this machine is told that is to connect to a listener here: it does not take an empty host.
    var forConnecting: MigrationURI {
        guard case .tcp("", let port) = self else { return self }
        return .tcp(host: "localhost", port: port)
    }
}
