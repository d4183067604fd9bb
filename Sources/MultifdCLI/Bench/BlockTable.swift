import Multifd
import TextTable

/// One line a RAMBlock: how far each mode compresses it.
struct BlockTable {
    private let blocks: [BenchBlock]

    init(_ blocks: [BenchBlock]) {
        self.blocks = blocks
    }

    var text: String {
        TextTable<BenchBlock> { block in
            [
                Column(title: "RAMBlock", value: block.name),
                Column(title: "content", value: ByteCount(rawValue: block.content).rounded, align: .right),
            ]
                + block.outcomes.map { outcome in
                    Column(
                        title: "\(outcome.mode)", value: "\((outcome.ratio * 100).rounded() / 100):1", align: .right)
                }
        }.string(for: blocks, style: Simple.self) ?? ""
    }
}
