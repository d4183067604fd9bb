import Multifd
import MultifdCLI
import Testing

@Suite struct BenchModeTests {
    @Test(arguments: ["none", "zlib:0", "zlib:9", "zstd:-7", "zstd:20", "auto", "zstd:1+deltas", "none+deltas"])
    func `what is written is read`(text: String) throws {
        #expect(try BenchMode(parsing: text).description == text)
    }

    @Test func `a codec without a level has its default`() throws {
        #expect(try BenchMode(parsing: "zstd") == BenchMode(.zstd, level: 1))
        #expect(try BenchMode(parsing: "zlib+deltas") == BenchMode(.zlib, level: 1, deltas: true))
    }

    @Test(arguments: ["", "lz4", "zstd:", "zstd:x", "none:1", "auto:3", "+deltas", "zstd:1+delta"])
    func `what is no mode is refused`(text: String) {
        #expect(throws: BenchError.unknownMode(text)) { try BenchMode(parsing: text) }
    }

    @Test func `a level out of range is refused`() {
        #expect(throws: BenchError.levelOutOfRange(mode: "zlib:10", valid: 0...9)) {
            try BenchMode(parsing: "zlib:10")
        }
    }
}
