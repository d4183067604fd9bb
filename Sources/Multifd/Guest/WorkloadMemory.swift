import Synchronization

/// Makes and fills the RAM of a built-in guest.
enum WorkloadMemory {
    /// The RAMBlocks of a guest, with nothing in them but, if there is one, its image: `ram`, or `ram0`, `ram1`, ...
    static func make(_ configuration: WorkloadConfiguration, image: borrowing ImageFile?) throws(MemoryError)
        -> GuestMemory
    {
        switch image {
        case .some(let image):
            return try GuestMemory(blocks: [
                RAMBlock(name: "ram", byteCount: image.byteCount, backing: .privateFile(image.descriptor))
            ])
        case .none: break
        }
        let pageCount = (configuration.ramByteCount ?? 0) >> Page.shift
        let count = configuration.blockCount
        var blocks: [RAMBlock] = []
        for index in 0..<count {
            let pages = pageCount * (index + 1) / count - pageCount * index / count
            blocks.append(
                try RAMBlock(name: count == 1 ? "ram" : "ram\(index)", byteCount: pages << Page.shift))
        }
        return try GuestMemory(blocks: blocks)
    }

    /// Fills fresh memory: the same bytes for the same configuration, whatever the number of threads.
    static func fill(_ memory: GuestMemory, _ configuration: WorkloadConfiguration) {
        guard configuration.fill != .zero, configuration.imagePath == nil else { return }
        let next = Atomic<Int>(0)
        // Each thread takes stretches of 2 MiB, a huge page, until there is none left.
        let stretchCount = (memory.pageCount + stretchPageCount - 1) / stretchPageCount
        let filler = Filler(memory: memory, configuration: configuration, next: next, stretchCount: stretchCount)
        Cores.share(Cores.shareCount, named: "fill") { _ in filler.run() }
    }

    private static let stretchPageCount = 512

    private final class Filler: Sendable {
        private let memory: GuestMemory
        private let configuration: WorkloadConfiguration
        private let next: Atomic<Int>
        private let stretchCount: Int

        init(
            memory: GuestMemory, configuration: WorkloadConfiguration, next: consuming Atomic<Int>, stretchCount: Int
        ) {
            self.memory = memory
            self.configuration = configuration
            self.next = next
            self.stretchCount = stretchCount
        }

        func run() {
            while true {
                let stretch = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard stretch < stretchCount else { return }
                fill(stretch)
            }
        }

        private func fill(_ stretch: Int) {
            let first = stretch * stretchPageCount
            let pages = WorkingSet(first..<min(first + stretchPageCount, memory.pageCount), of: memory)
            let seed = RandomSequence.mix(configuration.seed ^ 0x6669_6C6C)
            let stretchBits = RandomSequence(state: ~seed).advanced(by: UInt64(stretch)).value
            for number in 0..<pages.pageCount {
                let bits = RandomSequence(state: seed).advanced(by: UInt64(first + number)).value
                let content = configuration.fill.background(bits: bits, stretchBits: stretchBits)
                // Fresh memory is zero already: not touching it leaves it unpopulated.
                guard content != .zero else { continue }
                unsafe content.write(key: ~bits, to: pages.place(ofPage: number).address)
            }
        }
    }
}
