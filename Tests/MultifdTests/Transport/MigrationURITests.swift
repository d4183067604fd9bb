import Multifd
import Testing

struct MigrationURITests {
    @Test(arguments: [
        ("tcp:host:4444", MigrationURI.tcp(host: "host", port: 4444)),
        ("tcp:10.0.0.1:0", .tcp(host: "10.0.0.1", port: 0)),
        ("tcp:[::1]:65535", .tcp(host: "::1", port: 65535)),
        ("tcp:[fe80::1%eth0]:1", .tcp(host: "fe80::1%eth0", port: 1)),
        ("tcp::4444", .tcp(host: "", port: 4444)),
        ("unix:/tmp/socket", .unix(path: "/tmp/socket")),
        ("unix:relative:with:colons", .unix(path: "relative:with:colons")),
    ])
    func `what is valid is read, and printed as it was`(text: String, uri: MigrationURI) throws {
        #expect(try MigrationURI(parsing: text) == uri)
        #expect("\(uri)" == text)
    }

    @Test(arguments: [
        "", "tcp", "tcp:", "tcp:host", "tcp:host:", "tcp:host:65536", "tcp:host:-1", "tcp:host:+1", "tcp:host: 1",
        "tcp:host:1x", "tcp:::1:4444", "tcp:[::1]", "tcp:[::1:4444", "tcp:[]:1", "TCP:host:1", "udp:host:1",
        "unix:", "host:4444", "exec:cat", "unix:" + String(repeating: "x", count: 108), "unix:a\0b", "tcp:a\0b:1",
    ])
    func `what is not is refused, with what to write instead`(text: String) {
        let error = #expect(throws: TransportError.self) { try MigrationURI(parsing: text) }
        #expect(error?.description.contains("tcp:HOST:PORT") == true)
    }

    @Test func `a path of 107 bytes is the longest`() throws {
        #expect(throws: Never.self) { try MigrationURI(parsing: "unix:" + String(repeating: "x", count: 107)) }
        #expect(throws: TransportError.self) { try MigrationURI(parsing: "unix:" + String(repeating: "é", count: 54)) }
    }

    @Test func `a path may name its local address`() throws {
        #expect(
            try MigrationPath(parsing: "tcp:h:1,10.0.0.2")
                == MigrationPath(destination: .tcp(host: "h", port: 1), localAddress: "10.0.0.2"))
        #expect(try MigrationPath(parsing: "tcp:h:1").localAddress == nil)
        for text in ["tcp:h:1,", "unix:/s,10.0.0.2"] {
            #expect(throws: TransportError.self) { try MigrationPath(parsing: text) }
        }
    }
}
