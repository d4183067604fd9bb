import Glibc
import Multifd
import SystemPackage
import Testing

@Suite(.serialized)
struct WorkloadGuestTests {
    static func configuration(_ workload: Workload, seed: UInt64 = 7) throws -> WorkloadConfiguration {
        try WorkloadConfiguration(
            parsing: "workload:\(workload.rawValue),ram=4MiB,vcpus=2,working-set=1003KiB,blocks=2,seed=\(seed)")
    }

    /// Lets a guest run until each vCPU has executed some steps more.
    static func run(_ guest: WorkloadGuest, steps: UInt64) throws {
        let start = guest.stepCounts
        try guest.resume()
        while zip(guest.stepCounts, start).contains(where: { $0 < $1 + steps }) { usleep(500) }
        guest.pause()
    }

    @Test(arguments: Workload.allCases, [DirtyTracking.auto, .software])
    func `a guest paused, throttled and moved equals its reference run`(
        workload: Workload, tracking: DirtyTracking
    ) throws {
        let configuration = try Self.configuration(workload)
        let steps: UInt64 = workload == .idle ? 5 : 700
        let source = try WorkloadGuest(configuration: configuration, dirtyTracking: tracking)
        try source.dirtyLog?.start()
        try Self.run(source, steps: steps)
        source.setThrottle(ThrottlePercentage(clamping: 50))
        try Self.run(source, steps: steps)
        source.setThrottle(.off)
        try Self.run(source, steps: steps)

        let destination = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: source.configuration), memory: source.memory.copy(),
            deviceState: source.saveDeviceState())
        #expect(destination.stepCounts == source.stepCounts)
        try Self.run(destination, steps: steps)

        let reference = try WorkloadGuest(configuration: configuration)
        try reference.run(toStepCounts: destination.stepCounts)
        #expect(reference.memory.equals(destination.memory))
        #expect(try reference.saveDeviceState() == destination.saveDeviceState())
        // The source stands still.
        let atSwitchover = try WorkloadGuest(configuration: configuration)
        try atSwitchover.run(toStepCounts: source.stepCounts)
        #expect(atSwitchover.memory.equals(source.memory))
    }

    /// The reference skips steps; it must not matter how often it is interrupted.
    @Test(arguments: Workload.allCases, [0, 1, 3, 100, 126, 127, 5000] as [UInt64])
    func `a reference run in one leap equals one in small ones`(workload: Workload, steps: UInt64) throws {
        let leap = try WorkloadGuest(configuration: Self.configuration(workload))
        try leap.run(toStepCounts: [steps, steps / 2])
        let walk = try WorkloadGuest(configuration: Self.configuration(workload))
        for step in stride(from: 0, through: steps, by: max(1, Int(steps) / 37)) {
            try walk.run(toStepCounts: [step, step / 2])
        }
        try walk.run(toStepCounts: [steps, steps / 2])
        #expect(leap.memory.equals(walk.memory))
        #expect(try leap.saveDeviceState() == walk.saveDeviceState())
    }

    @Test(arguments: Workload.allCases.filter { $0 != .idle })
    func `every page of the working set is written, and nothing else`(workload: Workload) throws {
        var configuration = try Self.configuration(workload)
        configuration.fill = .zero
        let guest = try WorkloadGuest(configuration: configuration)
        let log = SoftwareDirtyLog(memory: guest.memory)
        log.start()
        try guest.run(toStepCounts: [40_000, 40_000])
        let written = guest.memory.blocks.flatMap { block in (0..<block.pageCount).map { !block.holdsZeros(page: $0) } }
        // 251 pages in the middle of 1024; a mixed workload leaves the rest of a quarter out.
        let workingSet = 386..<637
        for page in 0..<1024 where !workingSet.contains(page) { #expect(!written[page]) }
        #expect(written.count { $0 } >= (workload == .mixed ? 248 - 8 : 251))
    }

    @Test func `two seeds have different memory`() throws {
        let one = try WorkloadGuest(configuration: Self.configuration(.stress, seed: 1))
        let two = try WorkloadGuest(configuration: Self.configuration(.stress, seed: 2))
        #expect(!one.memory.equals(two.memory))
        #expect(throws: GuestError.deviceStateRegisters(vcpu: 0, register: "random state")) {
            try two.loadDeviceState(one.saveDeviceState())
        }
    }

    @Test func `the background is two fifths zero pages`() throws {
        let guest = try WorkloadGuest(configuration: WorkloadConfiguration(.idle, ramByteCount: 64 << 20))
        let block = guest.memory.blocks[0]
        let zeros = (0..<block.pageCount).count { block.holdsZeros(page: $0) }
        #expect((0.25...0.55).contains(Double(zeros) / Double(block.pageCount)))
    }

    @Test(arguments: [DirtyTracking.auto, .software])
    func `nothing but zero pages lies outside the content ranges`(tracking: DirtyTracking) throws {
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(
                parsing: "workload:hotset,ram=32MiB,working-set=16MiB,blocks=2,fill=zero"),
            dirtyTracking: tracking)
        try Self.run(guest, steps: 200)
        try guest.resume()
        try guest.dirtyLog?.start()
        let ranges = try (0..<2).map { try guest.contentRanges(ofBlock: $0) }
        usleep(5000)
        guest.pause()
        for (index, block) in guest.memory.blocks.enumerated() {
            var covered = Set(ranges[index].joined())
            covered.formUnion(try guest.dirtyLog?.dirtyPages(of: guest.memory, block: index) ?? [])
            for page in 0..<block.pageCount where !covered.contains(page) { #expect(block.holdsZeros(page: page)) }
            #expect(covered.count < block.pageCount || tracking == .software)
        }
    }

    @Test func `a pause stops all vCPUs, and a resume lets them go on`() throws {
        let guest = try WorkloadGuest(configuration: Self.configuration(.stress))
        for _ in 0..<50 {
            try guest.resume()
            guest.pause()
            let (counts, memory) = (guest.stepCounts, try guest.memory.copy())
            usleep(200)
            #expect(guest.stepCounts == counts)
            #expect(guest.memory.equals(memory))
        }
        guest.pause()
        #expect(throws: GuestError.running) {
            try guest.resume()
            _ = try guest.saveDeviceState()
        }
        guest.shutDown()
        guest.shutDown()
        #expect(throws: GuestError.shutDown) { try guest.resume() }
    }

    @Test func `a pause ends a throttle's sleep`() throws {
        let guest = try WorkloadGuest(configuration: Self.configuration(.stress))
        guest.setThrottle(ThrottlePercentage(clamping: 99))
        let start = MonotonicTime.now
        for _ in 0..<20 {
            try guest.resume()
            usleep(15_000)
            guest.pause()
        }
        // Twenty sleeps of 990 ms, had they not been ended.
        #expect(MonotonicTime.now.since(start) < .seconds(10))
    }

    /// Each change used to begin a new slice for every vCPU: none of them slept.
    @Test func `a throttle that changes all the time slows the guest`() throws {
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: "workload:stress,ram=4MiB,vcpus=2,rate=8MB/s"))
        try guest.resume()
        for turn in 0..<400 {
            guest.setThrottle(ThrottlePercentage(clamping: 97 + turn / 2 % 2), ofVCPU: turn % 2)
            usleep(4000)
        }
        guest.pause()
        // A quarter of what they do unthrottled, where a thirtieth is left to them: what is late makes up for 100 ms.
        let unthrottled = guest.runningTime.seconds * 4e6 / Double(Page.byteCount)
        for count in guest.stepCounts { #expect(Double(count) < unthrottled / 4) }
    }

    @Test func `a throttle of one vCPU leaves the others alone, and going off takes effect`() throws {
        let guest = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: "workload:stress,ram=4MiB,vcpus=2,rate=8MB/s"))
        guest.setThrottle(ThrottlePercentage(clamping: 99), ofVCPU: 0)
        #expect(guest.throttles.map(\.rawValue) == [99, 0])
        try Self.run(guest, steps: 1)
        try guest.resume()
        while guest.stepCounts[1] < 1000 { usleep(500) }
        #expect(guest.stepCounts[0] < 500)
        guest.setThrottle(.off)
        try Self.run(guest, steps: 500)
    }

    @Test(.disabled(if: AddressSpace.isSanitized, "thread sanitizer has more address space than may be limited"))
    func `a guest that has come for good has its threads before it is to run`() async {
        await #expect(processExitsWith: .success) {
            let configuration = try WorkloadConfiguration(parsing: "workload:idle,ram=4MiB,vcpus=64")
            let source = try WorkloadGuest(configuration: configuration)
            let (memory, deviceState) = (try source.memory.copy(), try source.saveDeviceState())
            try AddressSpace.limit(toPresentAnd: 64 << 20)
            // A stack is of 8 MiB: some of the threads are to be had, but not all.
            let error = #expect(throws: GuestError.self) {
                try WorkloadGuest(configuration: configuration, memory: memory, deviceState: deviceState)
            }
            #expect(error == .noThread(.resourceTemporarilyUnavailable))
            #expect(throws: GuestError.noThread(.resourceTemporarilyUnavailable)) { try source.resume() }
            // What needs no threads but is faster with them does without.
            try source.run(toStepCounts: Array(repeating: 10, count: 64))
            try AddressSpace.unlimit()
            try source.resume()
            source.shutDown()
        }
    }

    @Test func `a reference run refuses to go back`() throws {
        let guest = try WorkloadGuest(configuration: Self.configuration(.stress))
        try guest.run(toStepCounts: [10, 20])
        #expect(throws: GuestError.stepCountPassed(vcpu: 1, at: 20, wanted: 19)) {
            try guest.run(toStepCounts: [10, 19])
        }
        #expect(throws: GuestError.stepCountOfVCPUs(expected: 2, found: 1)) { try guest.run(toStepCounts: [30]) }
    }

    @Test func `an image is the initial content and is never written`() throws {
        let file = try TemporaryFile()
        try file.descriptor.writeAll(Array(repeating: 7 as UInt8, count: 100 * Page.byteCount))
        try file.truncate(to: 1000 * Page.byteCount)
        let configuration = try WorkloadConfiguration(parsing: "workload:stress,working-set=400KiB,image=\(file.path)")
        let guest = try WorkloadGuest(configuration: configuration)
        #expect(guest.memory.blocks[0].firstByte(ofPage: 99) == 7)
        try guest.run(toStepCounts: [200, 200])
        try guest.dirtyLog?.start()
        let covered = Set(try guest.contentRanges(ofBlock: 0).joined())
        for page in 0..<1000 where !covered.contains(page) { #expect(guest.memory.blocks[0].holdsZeros(page: page)) }
        #expect(covered.count < 300)

        let image = try ImageGuest(paths: [file.path])
        #expect(image.memory.blocks[0].firstByte(ofPage: 500) == 0)

        let destination = try WorkloadGuest(
            configuration: WorkloadConfiguration(parsing: guest.configuration), memory: guest.memory.copy(),
            deviceState: guest.saveDeviceState())
        #expect(destination.stepCounts == [200, 200])
    }

    @Test func `memory of another size than configured is refused`() throws {
        let guest = try WorkloadGuest(configuration: Self.configuration(.stress))
        let small = try GuestMemory(blocks: [RAMBlock(name: "ram", byteCount: 1 << 20)])
        #expect(throws: GuestError.memorySize(expected: 4 << 20, found: 1 << 20)) {
            try WorkloadGuest(
                configuration: Self.configuration(.stress), memory: small, deviceState: guest.saveDeviceState())
        }
    }

    @Test func `guests leave no thread and no descriptor behind`() throws {
        func count(_ folder: String) throws -> Int {
            guard let directory = unsafe opendir(folder) else { throw Errno(rawValue: errno) }
            defer { unsafe closedir(directory) }
            var count = 0
            while unsafe readdir(directory) != nil { count += 1 }
            return count
        }
        func cycle() throws {
            let guest = try WorkloadGuest(configuration: Self.configuration(.counter))
            try guest.dirtyLog?.start()
            try guest.resume()
            guest.pause()
        }
        try cycle()
        let (threads, descriptors) = (try count("/proc/self/task"), try count("/proc/self/fd"))
        for _ in 0..<100 { try cycle() }
        // Other suites run at the same time: a hundred leaks would show, their few do not.
        #expect(try count("/proc/self/task") < threads + 50)
        #expect(try count("/proc/self/fd") < descriptors + 50)
    }
}
