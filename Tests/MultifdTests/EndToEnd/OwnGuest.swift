import Multifd
import Synchronization

/// A guest of a library's user: memory, dirty log, run control and device state of its own. Its one vCPU counts its steps
/// in its registers and writes each number to a page.
final class OwnGuest: Guest {
    let memory: GuestMemory
    let configuration = "counting machine, model 1"
    var dirtyLog: (any DirtyLog)? { log }

    private let log: SoftwareDirtyLog
    private let steps: Mutex<UInt64>
    private let isPaused = Atomic<Bool>(true)
    private let thread = Mutex<WorkerThread?>(nil)

    init(memory: GuestMemory, steps: UInt64 = 0) {
        self.memory = memory
        self.steps = Mutex(steps)
        log = SoftwareDirtyLog(memory: memory)
    }

    func resume() {
        isPaused.store(false, ordering: .relaxed)
        let vcpu = WorkerThread(name: "own-vcpu") { [self] in
            while !isPaused.load(ordering: .relaxed) { steps.withLock { step(&$0) } }
        }
        thread.withLock { $0 = vcpu }
    }

    private func step(_ number: inout UInt64) {
        number += 1
        let page = Int(number &* 0x9E37_79B9 % UInt64(memory.blocks[0].pageCount))
        memory.blocks[0].writeNumber(number, toPage: page)
        log.markWritten(page: page, ofBlock: 0)
    }

    func pause() {
        isPaused.store(true, ordering: .relaxed)
        thread.withLock { $0.take() }?.join()
    }

    func setThrottle(_ percentage: ThrottlePercentage) {}
    func saveDeviceState() -> [UInt8] { Array("\(steps.withLock { $0 })".utf8) }
}
