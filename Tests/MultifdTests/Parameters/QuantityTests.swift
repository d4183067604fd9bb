import Multifd
import Testing

struct QuantityTests {
    @Test(
        arguments: [
            (0, "0"), (0.0213, "0.0213"), (0.02004, "0.02"), (0.02345, "0.0235"), (0.001, "0.001"),
            (0.000_051_2, "0.000051"),
            (1e-9, "0"), (0.5, "0.5"), (0.9996, "1"), (1.606, "1.61"), (9.999, "10"), (93.84, "93.8"), (99.96, "100"),
            (214.4, "214"), (12_345, "12345"), (-0.0426, "-0.0426"), (-3, "-3"), (.infinity, "inf"),
        ] as [(Double, String)])
    func `a number has three figures, however small it is`(number: Double, text: String) {
        #expect(number.threeFigures == text)
    }

    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("1B", 1), ("64KiB", 65536), ("2GiB", 2 << 30), ("1TiB", 1 << 40),
        ("1PiB", 1 << 50), ("1.5PB", 1_500_000_000_000_000),
        ("1.5GB", 1_500_000_000),
        ("0.1GB", 100_000_000), ("10kB", 10_000), ("10KB", 10_000), ("512 MiB", 512 << 20), ("1.3B", 1), ("0.0GiB", 0),
        ("9223372036854775807", Int.max), ("7.999999999999GiB", 8_589_934_591),
    ])
    func `a size parses to its bytes`(text: String, byteCount: Int) throws {
        #expect(try ByteCount(parsing: text).rawValue == byteCount)
    }

    @Test(arguments: [
        ("1000", 1000), ("200MB/s", 200_000_000), ("1.5Gbit/s", 187_500_000), ("1Mbit/s", 125_000), ("15bit/s", 1),
        ("0bit/s", 0),
        ("100MiB/s", 100 << 20), ("1KB/s", 1000), ("10Gbit/s", 1_250_000_000), ("8.000000000000000000kbit/s", 1000),
    ])
    func `a rate parses to its bytes a second`(text: String, rate: Int) throws {
        #expect(try ByteRate(parsing: text).rawValue == rate)
    }

    /// `--max-bandwidth 7bit/s` was no limit at all.
    @Test(arguments: ["7bit/s", "0.9", "0.001kbit/s", "0.000000001MB/s"])
    func `a rate of less than a byte is refused, and not taken for none`(text: String) {
        #expect(throws: QuantityError.tooSmall(text)) { try ByteRate(parsing: text) }
    }

    @Test func `a size of less than a byte is refused, and not taken for none`() {
        #expect(throws: QuantityError.tooSmall("0.3B")) { try ByteCount(parsing: "0.3B") }
    }

    @Test(arguments: ["", "MiB", "-1", ".5GiB", "1.", "1.2.3MB", "１GiB"])
    func `a text without a number is refused as such`(text: String) {
        #expect(throws: QuantityError.noNumber(text)) { try ByteCount(parsing: text) }
    }

    @Test(arguments: ["0.00000000000000000001TB", "1.0000000000000000000B", "1234567890.1234567890"])
    func `a number with more digits than can be computed with is refused as such`(text: String) {
        #expect(throws: QuantityError.tooManyDigits(text)) { try ByteCount(parsing: text) }
    }

    @Test(arguments: ["1G", "1gib", "1MB/s", "1 GiB ", "1GiBx", "1e9", "5Mbit"])
    func `a size with another unit is refused`(text: String) {
        #expect {
            try ByteCount(parsing: text)
        } throws: { error in
            if case QuantityError.unknownUnit = error { true } else { false }
        }
    }

    @Test(arguments: [
        "8388608TiB", "8192PiB", "9223372036854775808", "99999999999999999999999", "9000000000TB", "4000000000.5GiB0",
    ])
    func `a size beyond 63 bits is refused`(text: String) {
        #expect(throws: QuantityError.self) { try ByteCount(parsing: text) }
    }

    @Test(arguments: [0, 1, 4095, 4096, 2 << 30, 100_000_000, 1_000_000_000_000, 976_562_500 * 1024, 7 << 40, Int.max])
    func `a description parses back to the same value`(value: Int) throws {
        #expect(try ByteCount(parsing: ByteCount(rawValue: value).description).rawValue == value)
        #expect(try ByteRate(parsing: ByteRate(rawValue: value).description).rawValue == value)
    }

    @Test func `descriptions use the shortest unit`() {
        #expect(ByteCount(rawValue: 2 << 30).description == "2GiB")
        #expect(ByteCount(rawValue: 100_000_000).description == "100MB")
        #expect(ByteCount(rawValue: 0).description == "0")
        #expect(ByteRate(rawValue: 200_000_000).description == "200MB/s")
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1_310_720, "1.25 MiB"), (10 << 20, "10.0 MiB"),
        (1000 << 20, "1000 MiB"),
        (105 << 19, "52.5 MiB"), ((5 << 30) + (1 << 26), "5.06 GiB"), (1 << 50, "1.00 PiB"),
    ])
    func `sizes for people have three digits`(value: Int, text: String) {
        #expect(ByteCount(rawValue: value).rounded == text)
    }
}
