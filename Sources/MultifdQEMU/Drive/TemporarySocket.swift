import Glibc
package import Multifd

/// A name for a socket between QEMU and us.
package enum TemporarySocket {
    /// - Parameter directory: for temporary files. Not used if it is relative, because QEMU has another working directory,
    ///   or too long for a socket's address.
    package static func uri(
        in directory: String = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    ) -> MigrationURI {
        let name = "multifd-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
        guard directory.hasPrefix("/"), let uri = try? MigrationURI(parsing: "unix:\(directory)/\(name)") else {
            return .unix(path: "/tmp/\(name)")
        }
        return uri
    }

    /// Removes a socket that QEMU has made: one that crashes, or ends because it cannot load its guest, leaves it behind.
    static func remove(_ uri: MigrationURI) { if case .unix(let path) = uri { _ = unsafe unlink(path) } }
}
