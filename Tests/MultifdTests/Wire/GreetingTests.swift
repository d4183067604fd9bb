import Multifd
import Testing

struct GreetingTests {
    @Test func `its bytes are the magic number and two versions`() throws {
        let golden = hex("534d4644 0001 0203")
        #expect(Greeting(oldest: 1, newest: 0x203).encoded == golden)
        #expect(try Greeting(decoding: golden) == Greeting(oldest: 1, newest: 0x203))
        #expect(Greeting.ours.encoded == hex("534d4644 0001 0001"))
    }

    @Test func `every other length is refused`() {
        let golden = Greeting.ours.encoded + [0]
        for count in 0...golden.count where count != Greeting.byteCount {
            #expect(throws: WireError.self) { try Greeting(decoding: Array(golden[..<count])) }
        }
    }

    @Test(arguments: [
        "51455640 0001 0001",  // magic
        "534d4644 0000 0001",  // version 0
        "534d4644 0002 0001",  // oldest above newest
    ])
    func `what is no greeting is refused`(bytes: String) {
        #expect(throws: WireError.self) { try Greeting(decoding: hex(bytes)) }
    }

    @Test func `both ends speak the newest version that both know`() {
        let ranges = [(1, 1), (1, 3), (2, 5), (3, 3), (4, 9)].map { Greeting(oldest: $0.0, newest: $0.1) }
        for left in ranges {
            for right in ranges {
                let common = (left.oldest...left.newest).last { (right.oldest...right.newest).contains($0) }
                let found = try? left.commonVersion(with: right)
                #expect(found == common)
            }
        }
    }

    @Test func `ends without a common version name both ranges, and the way out`() {
        let error = #expect(throws: WireError.noCommonVersion(ours: 1...2, theirs: 3...7)) {
            try Greeting(oldest: 1, newest: 2).commonVersion(with: Greeting(oldest: 3, newest: 7))
        }
        #expect(
            error?.description == "the peer speaks versions 3 to 7 of the protocol, and this program versions 1 to 2: "
                + "install the same release of multifd at both ends")
        #expect(
            WireError.noCommonVersion(ours: 1...1, theirs: 2...2).description
                == "the peer speaks version 2 of the protocol, and this program version 1: "
                + "install the same release of multifd at both ends")
    }
}
