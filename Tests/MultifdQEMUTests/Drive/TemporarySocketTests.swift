import Multifd
import MultifdQEMU
import Testing

@Suite struct TemporarySocketTests {
    /// A name has up to 40 bytes, and an address room for 107.
    @Test(arguments: [
        ("/var/tmp", "unix:/var/tmp/multifd-"), ("", "unix:/tmp/multifd-"), ("tmp", "unix:/tmp/multifd-"),
        ("/" + String(repeating: "x", count: 90), "unix:/tmp/multifd-"),
    ]) func `a socket lies where QEMU finds it, too, and where its path is short enough`(
        directory: String, prefix: String
    ) throws {
        let uri = TemporarySocket.uri(in: directory)
        #expect("\(uri)".hasPrefix(prefix))
        #expect(try MigrationURI(parsing: "\(uri)") == uri)
    }
}
