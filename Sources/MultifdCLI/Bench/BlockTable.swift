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
                .number("content", ByteCount(rawValue: block.content).rounded),
            ]
                + block.outcomes.map { outcome in
                    .number("\(outcome.mode)", "\((outcome.ratio * 100).rounded() / 100):1")
                }
        }.string(for: blocks, style: Simple.self) ?? ""
    }
}
