import FoundationEssentials

/// What a QMP server says at a time.
///
/// ```
/// {"QMP": {"version": {"qemu": {"major": 10, ...}, "package": ""}, "capabilities": ["oob"]}}      greeting, first
/// {"return": VALUE, "id": ID}                                                                     answer
/// {"error": {"class": NAME, "desc": TEXT}, "id": ID}                                              refusal
/// {"event": NAME, "data": {...}, "timestamp": {...}}                                              at any time
/// ```
enum QMPMessage: Equatable {
    case greeting(version: QEMUVersion)
    case answer(id: Int?, JSONValue)
    case refusal(id: Int?, errorClass: String, reason: String)
    case event(QMPEvent)

    init(parsing bytes: [UInt8]) throws(QMPError) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw .malformed(found: Self.excerpt(bytes))
        }
        if let greeting = value["QMP"] {
            self = .greeting(version: QEMUVersion(greeting["version"]))
        } else if let answer = value["return"] {
            self = .answer(id: value["id"]?.integer, answer)
        } else if let error = value["error"], let name = error["class"]?.string, let text = error["desc"]?.string {
            self = .refusal(id: value["id"]?.integer, errorClass: name, reason: text)
        } else if let name = value["event"]?.string {
            self = .event(QMPEvent(name: name, data: value["data"] ?? .null))
        } else {
            throw .malformed(found: Self.excerpt(bytes))
        }
    }

    /// The beginning of what came, safe to print.
    static func excerpt(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(60).map { (0x20..<0x7f).contains($0) ? $0 : 0x2e }, as: UTF8.self)
        return "it sent '\(text)'"
    }
}
