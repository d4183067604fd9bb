/// The pages that one vCPU alone writes to, numbered from 0, whichever RAMBlocks they lie in.
@safe
struct WorkingSet: Sendable {
    let pageCount: Int
    private let runs: [Run]
    /// Keeps the memory.
    private let memory: GuestMemory

    /// Pages that are adjacent in one RAMBlock.
    private struct Run: Sendable {
        /// Number in the working set of the first page after the run.
        let end: Int
        /// Where number 0 of the working set would lie, were it in this run. Never used but with a page's offset added.
        let origin: UInt
        let block: Int
        /// What to add to a number in the working set for the number of the page in the block.
        let firstPage: Int
    }

    /// A page: where it lies, for writing and for marking.
    @unsafe
    struct Place {
        let address: UnsafeMutableRawPointer
        let block: Int
        let page: Int
    }

    /// - Parameter pages: page numbers counted through all blocks of `memory`.
    init(_ pages: Range<Int>, of memory: GuestMemory) {
        precondition(pages.lowerBound >= 0 && pages.upperBound <= memory.pageCount)
        var runs: [Run] = []
        var first = 0
        for (index, block) in memory.blocks.enumerated() {
            let inside = pages.clamped(to: first..<first + block.pageCount)
            if !inside.isEmpty {
                let firstPage = pages.lowerBound - first
                let start = unsafe UInt(bitPattern: block.start)
                runs.append(
                    Run(
                        end: inside.upperBound - pages.lowerBound,
                        origin: start &+ UInt(bitPattern: firstPage << Page.shift),
                        block: index, firstPage: firstPage))
            }
            first += block.pageCount
        }
        self.memory = memory
        self.runs = runs
        pageCount = pages.count
    }

    /// Where its pages lie: for each block that has some, which.
    var pagesByBlock: [(block: Int, pages: Range<Int>)] {
        var first = 0
        return runs.map { run in
            defer { first = run.end }
            return (run.block, first + run.firstPage..<run.end + run.firstPage)
        }
    }

    @inline(__always)
    func place(ofPage number: Int) -> Place {
        precondition(number >= 0 && number < pageCount)
        var index = 0
        while number >= runs[index].end { index &+= 1 }
        let run = runs[index]
        let address = run.origin &+ UInt(bitPattern: number << Page.shift)
        // Safe: the page lies in the run's block, as checked above, and blocks do not start at address 0.
        guard let pointer = unsafe UnsafeMutableRawPointer(bitPattern: address) else { preconditionFailure() }
        return unsafe Place(address: pointer, block: run.block, page: number &+ run.firstPage)
    }
}
