import Glibc
import Multifd

/// A name for a socket between QEMU and us.
enum TemporarySocket {
    static func uri() -> MigrationURI {
        let directory = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        return .unix(path: "\(directory)/multifd-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock")
    }
}
