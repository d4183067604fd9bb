/// The source's report with the proof beside it.
struct DemoDocument: Encodable {
    let migration: MigrationDocument
    let proof: DemoProof

    private enum CodingKeys: CodingKey {
        case proof
    }

    func encode(to encoder: any Encoder) throws {
        try migration.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(proof, forKey: .proof)
    }
}
