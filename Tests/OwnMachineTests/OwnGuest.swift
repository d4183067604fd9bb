import Dispatch
import Foundation
import Multifd
import Synchronization

/// A guest of a library's user: memory, dirty log, run control and device state of its own. Its one vCPU counts its steps
/// in its registers and writes each number to a page.
final class OwnGuest: Guest {
    let memory: GuestMemory
    let configuration = "counting machine, model 1"
    var dirtyLog: (any DirtyLog)? { log }

    private let log: SoftwareDirtyLog
    private let steps: Atomic<UInt64>
    private let isPaused = Atomic<Bool>(true)
    private let executing = DispatchGroup()

    init(memory: GuestMemory, steps: UInt64 = 0) {
        self.memory = memory
        self.steps = Atomic(steps)
        log = SoftwareDirtyLog(memory: memory)
    }

    func resume() {
        guard isPaused.exchange(false, ordering: .relaxed) else { return }
        executing.enter()
        Thread.detachNewThread { [self] in
            while !isPaused.load(ordering: .relaxed) { step() }
            executing.leave()
        }
    }

    private func step() {
        let number = steps.wrappingAdd(1, ordering: .relaxed).newValue
        let block = memory.blocks[0]
        let page = Int(number &* 0x9E37_79B9 % UInt64(block.pageCount))
        // Safe: the page lies within the block, which lives as long as this guest.
        unsafe block.unsafeMemory.storeBytes(of: number, toByteOffset: page * Page.byteCount, as: UInt64.self)
        log.markWritten(page: page, ofBlock: 0)
    }

    func pause() {
        isPaused.store(true, ordering: .relaxed)
        executing.wait()
    }

    // Never throttled: auto-converge would have no effect.
    func setThrottle(_ percentage: ThrottlePercentage) {}
    func saveDeviceState() -> [UInt8] { Array("\(steps.load(ordering: .relaxed))".utf8) }
}
