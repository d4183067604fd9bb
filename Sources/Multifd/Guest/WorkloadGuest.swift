import Synchronization
import SystemPackage

/// The built-in guest: vCPU threads that execute a deterministic program on real memory.
///
/// Two guests of one configuration have the same memory at the same step counts, so a migrated guest can be compared with
/// one that was never migrated. It is made paused; ``resume()`` starts it for the first time.
package final class WorkloadGuest: VCPUThrottling {
    package let memory: GuestMemory
    package var dirtyLog: (any DirtyLog)? { vcpuDirtyLog }
    private let vcpuDirtyLog: VCPUDirtyLog
    /// As it was given, in the text form that a destination parses.
    package let configuration: String

    /// Kept to know where a guest with an image may differ from zero.
    private let image: ImageFile?
    private let programs: [WorkloadProgram]
    private let vcpus: [VirtualCPU]
    private let control: RunControl
    /// One for each vCPU, from when the guest is to run: fewer when the system gave no more.
    private let threads = Mutex<[WorkerThread]>([])

    /// Makes a guest with new memory and fills it.
    ///
    /// - Throws: ``WorkloadConfigurationError``, ``GuestError``, ``MemoryError``; ``DirtyLogError`` when the kernel's
    ///   dirty tracking is asked for and missing.
    package convenience init(
        configuration: WorkloadConfiguration, dirtyTracking: DirtyTracking = .auto
    ) throws {
        let image = try configuration.imagePath.map { path throws(GuestError) in try ImageFile(path: path) }
        let memory = try WorkloadMemory.make(configuration, image: image)
        WorkloadMemory.fill(memory, configuration)
        try self.init(configuration, memory: memory, image: image, dirtyTracking: dirtyTracking)
    }

    /// Makes a guest over memory that a migration has filled, to go on where the source stopped. Its threads wait already:
    /// once the source has let go of the guest it would be too late to find that there are none.
    ///
    /// - Parameter deviceState: from the peer; every byte is checked.
    /// - Throws: as ``init(configuration:dirtyTracking:)``, and ``GuestError/noThread(_:)``.
    package convenience init(
        configuration: WorkloadConfiguration, memory: GuestMemory, deviceState: [UInt8],
        dirtyTracking: DirtyTracking = .auto
    ) throws {
        if let expected = configuration.ramByteCount, expected != memory.byteCount {
            throw GuestError.memorySize(expected: expected, found: memory.byteCount)
        }
        try self.init(configuration, memory: memory, image: nil, dirtyTracking: dirtyTracking)
        try loadDeviceState(deviceState)
        try startThreads()
    }

    private init(
        _ configuration: WorkloadConfiguration, memory: GuestMemory, image: consuming ImageFile?,
        dirtyTracking: DirtyTracking
    ) throws {
        let parts = try configuration.workingSetPages(ofPages: memory.pageCount)
        let (log, softwareLog) = try Self.makeDirtyLog(dirtyTracking, memory)
        let workingSets = parts.map { WorkingSet($0, of: memory) }
        vcpuDirtyLog = VCPUDirtyLog(
            log,
            parts: workingSets.enumerated().flatMap { vcpu, set in
                set.pagesByBlock.map { VCPUDirtyLog.Part(vcpu: vcpu, block: $0.block, pages: $0.pages) }
            },
            vcpuCount: parts.count)
        programs = workingSets.enumerated().map { index, workingSet in
            WorkloadProgram(configuration, vcpu: index, workingSet: workingSet, softwareLog: softwareLog)
        }
        let control = RunControl(programs.map(\.initialState))
        vcpus = programs.enumerated().map { index, program in
            VirtualCPU(index: index, program: program, configuration: configuration, control: control)
        }
        self.control = control
        self.memory = memory
        self.image = image
        self.configuration = configuration.description
    }

    deinit { shutDown() }

    private static func makeDirtyLog(
        _ tracking: DirtyTracking, _ memory: GuestMemory
    ) throws(DirtyLogError) -> (any DirtyLog, SoftwareDirtyLog?) {
        switch tracking {
        case .kernel: return (try KernelDirtyLog(memory: memory), nil)
        case .auto: if let log = try? KernelDirtyLog(memory: memory) { return (log, nil) }
        case .software: break
        }
        let log = SoftwareDirtyLog(memory: memory)
        return (log, log)
    }

    /// Where memory may differ from zero. Called after the dirty log's start, it misses no page: what is zero then and
    /// written later is in the log.
    package func contentRanges(ofBlock block: Int) throws -> [Range<Int>] {
        let populated =
            vcpuDirtyLog.populatedAtStart(ofBlock: block) ?? memory.blocks[block].populatedRanges()
        switch image {
        case .some(let image): return PageRuns.union(try image.dataRanges(), populated)
        case .none: return populated
        }
    }
}

// MARK: Run control

extension WorkloadGuest {
    /// Lets the vCPUs run, on threads that the first call starts.
    package func resume() throws(GuestError) {
        try startThreads()
        guard control.resume() else { throw .shutDown }
    }

    /// Those that are missing. After an error, those that have started wait for the next call or the shutdown.
    private func startThreads() throws(GuestError) {
        try threads.withLock { threads throws(GuestError) in
            guard control.state.withLock({ $0.phase != .shutDown }) else { return }
            for index in threads.count..<vcpus.count {
                let vcpu = vcpus[index]
                do throws(Errno) {
                    threads.append(try WorkerThread(named: "vcpu-\(index)") { vcpu.run() })
                } catch {
                    throw .noThread(error)
                }
            }
        }
    }

    /// Returns when no vCPU executes. A step is never cut in two, and a throttle's sleep ends at once.
    package func pause() { control.stop(.paused) }

    package func setThrottle(_ percentage: ThrottlePercentage) {
        control.setThrottle(percentage, ofVCPUs: vcpus.indices)
    }

    package func setThrottle(_ percentage: ThrottlePercentage, ofVCPU vcpu: Int) {
        control.setThrottle(percentage, ofVCPUs: vcpu..<vcpu + 1)
    }

    /// In force, of each vCPU.
    package var throttles: [ThrottlePercentage] { control.state.withLock { $0.throttles } }

    package var writtenPageCounts: [Int] { vcpuDirtyLog.writtenPageCounts }

    /// Ends the guest and its threads. Memory stays. Further calls do nothing.
    package func shutDown() {
        control.stop(.shutDown)
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }

    /// Steps that each vCPU has executed; a few less than that while it runs.
    package var stepCounts: [UInt64] { vcpus.map(\.stepCount) }

    /// Time that the guest was not paused, throttled or not. With ``stepCounts`` it gives the guest's speed.
    package var runningTime: Duration {
        control.state.withLock { state in
            state.ranBefore + (state.runningSince.map { MonotonicTime.now.since($0) } ?? .zero)
        }
    }

    package var progress: GuestProgress? { GuestProgress(steps: stepCounts, runningTime: runningTime) }

    /// Brings a paused guest to given step counts: the reference that a migrated guest is compared with. Takes far less
    /// time than running, because steps whose page a later step rewrites are not executed.
    ///
    /// - Throws: ``GuestError`` when it runs, or a count is passed already or missing.
    package func run(toStepCounts counts: [UInt64]) throws(GuestError) {
        guard counts.count == programs.count else {
            throw .stepCountOfVCPUs(expected: programs.count, found: counts.count)
        }
        let start = try pausedRegisters()
        for (index, (registers, count)) in zip(start, counts).enumerated() where registers.stepCount > count {
            throw .stepCountPassed(vcpu: index, at: registers.stepCount, wanted: count)
        }
        let end = Condition(start)
        Cores.share(programs.count, named: "reference") { [programs] index in
            var registers = start[index]
            programs[index].fastForward(&registers, to: counts[index])
            end.withLock { [registers] in $0[index] = registers }
        }
        setRegisters(end.withLock { $0 })
    }
}

// MARK: Device state

extension WorkloadGuest {
    /// - Throws: ``GuestError/running``.
    package func saveDeviceState() throws(GuestError) -> [UInt8] {
        WorkloadDeviceState(vcpus: try pausedRegisters()).encoded()
    }

    /// - Throws: ``GuestError`` when it runs, or the bytes are no state of such a guest.
    package func loadDeviceState(_ bytes: [UInt8]) throws(GuestError) {
        _ = try pausedRegisters()
        setRegisters(try WorkloadDeviceState(decoding: bytes, for: programs).vcpus)
    }

    private func pausedRegisters() throws(GuestError) -> [VCPUState] {
        try control.state.withLock { state throws(GuestError) in
            guard state.phase != .running else { throw .running }
            return state.vcpus
        }
    }

    private func setRegisters(_ registers: [VCPUState]) {
        control.give { $0.vcpus = registers }
        for (vcpu, registers) in zip(vcpus, registers) { vcpu.publish(registers) }
    }
}
