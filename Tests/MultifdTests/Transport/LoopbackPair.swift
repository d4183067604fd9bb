import Glibc
import Multifd
import SystemPackage

/// Two connected sockets in this process.
struct LoopbackPair {
    let near: Connection
    let far: Connection

    init() throws {
        var sockets: [Int32] = [-1, -1]
        let code = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets)
        guard code == 0 else { throw Errno(rawValue: errno) }
        near = Connection(owning: sockets[0], peer: "far")
        far = Connection(owning: sockets[1], peer: "near")
    }
}

/// A listener of any kind, and how to reach it.
func listen(on uri: String = "tcp:127.0.0.1:0") throws -> Listener { try Listener(on: MigrationURI(parsing: uri)) }

func temporaryPath(_ name: String) -> String { "/tmp/multifd-\(name)-\(UInt32.random(in: 0...UInt32.max))" }
