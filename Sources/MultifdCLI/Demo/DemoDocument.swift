import Multifd

/// The source's report with the proof beside it.
struct DemoDocument: Encodable {
    let info: MigrationInfo
    let proof: DemoProof

    private enum CodingKeys: CodingKey {
        case proof
    }

    func encode(to encoder: any Encoder) throws {
        try info.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(proof, forKey: .proof)
    }
}
