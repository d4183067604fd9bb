import Foundation
import Multifd
import Testing

@Suite struct ThrottleDecisionTests {
    @Test func `JSON has the names of throttle-decisions and round-trips`() throws {
        var controller = ThrottleController(ThrottleParameters(policy: .dynamic))
        for second in 1...3 { _ = controller.update(with: .megabytes(dirtied: 214, transferred: 96, at: second)) }
        let update = controller.update(with: .megabytes(dirtied: 214, transferred: 96, at: 4))
        let decision = try #require(update)
        let data = try JSONEncoder().encode(decision)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == ["time", "bytes-dirtied", "bytes-transferred", "trigger", "from", "to", "reason"])
        #expect(object["time"] as? Int == 4000)
        #expect(object["trigger"] as? String == "dirty-rate")
        #expect(object["from"] as? Int == 20)
        #expect(object["to"] as? Int == 30)
        #expect(try JSONDecoder().decode(ThrottleDecision.self, from: data) == decision)
    }

    @Test func `a throttle out of range is refused`() {
        let json = """
            {"time":1,"bytes-dirtied":2,"bytes-transferred":3,"trigger":"dirty-rate","from":0,"to":100,"reason":""}
            """
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(ThrottleDecision.self, from: Data(json.utf8))
        }
    }
}
