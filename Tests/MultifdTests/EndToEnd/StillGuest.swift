import Multifd

/// A guest that never runs, over any RAMBlocks.
final class StillGuest: Guest {
    let memory: GuestMemory
    let configuration = ""
    var dirtyLog: (any DirtyLog)? { nil }

    init(blocks: [RAMBlock]) throws { memory = try GuestMemory(blocks: blocks) }

    func pause() {}
    func resume() {}
    func setThrottle(_ percentage: ThrottlePercentage) {}
    func saveDeviceState() -> [UInt8] { [] }
}
