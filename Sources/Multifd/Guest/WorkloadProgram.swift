/// What one vCPU executes: steps that depend on its registers and write to its working set, and on nothing else.
///
/// So memory is a function of the step counts alone, whatever the scheduling, pauses or throttling, and on whichever
/// host the steps are executed.
struct WorkloadProgram: Sendable {
    private let workload: Workload
    private let fill: GuestFill
    private let workingSet: WorkingSet
    /// Where marks go when the guest tracks its writes itself.
    private let softwareLog: SoftwareDirtyLog?
    /// The registers before the first step.
    let initialState: VCPUState
    /// Pages in each part: of a mixed workload a quarter, else all.
    private let partPageCount: Int

    init(
        _ configuration: WorkloadConfiguration, vcpu: Int, workingSet: WorkingSet, softwareLog: SoftwareDirtyLog?
    ) {
        workload = configuration.workload(ofVCPU: vcpu)
        fill = configuration.fill
        self.workingSet = workingSet
        self.softwareLog = softwareLog
        // At least one, though an idle vCPU has none: it is divided by.
        partPageCount = max(workload == .mixed ? workingSet.pageCount / 4 : workingSet.pageCount, 1)
        let start = RandomSequence.mix(configuration.seed ^ 0x7663_7075) &+ RandomSequence.mix(UInt64(vcpu) &+ 1)
        initialState = VCPUState(random: RandomSequence(state: RandomSequence.mix(start)))
    }

    /// What a step does to its page.
    enum Action { case nothing, rewrite, countUp }

    /// Which page a step touches, and how.
    struct Effect {
        var action: Action
        var page = 0
    }

    /// Executes one step: at most one page is written. Takes about a microsecond.
    @inline(__always)
    func step(_ state: inout VCPUState) {
        let bits = state.random.value
        apply(effect(ofStep: state.stepCount, bits: bits, position: state.position), bits: bits)
        advance(&state)
    }

    @inline(__always)
    private func effect(ofStep step: UInt64, bits: UInt64, position: Int) -> Effect {
        switch workload {
        case .idle: Effect(action: .nothing)
        case .stress: Effect(action: .rewrite, page: position)
        case .random: Effect(action: .rewrite, page: RandomSequence.scale(bits, below: partPageCount))
        case .hotset: Effect(action: .rewrite, page: hotPage(bits))
        case .counter: Effect(action: .countUp, page: position)
        case .mixed:
            switch step & 3 {
            case 0: Effect(action: .rewrite, page: position)
            case 1: Effect(action: .rewrite, page: partPageCount + RandomSequence.scale(bits, below: partPageCount))
            case 2: Effect(action: .rewrite, page: 2 * partPageCount + hotPage(bits))
            default: Effect(action: .countUp, page: 3 * partPageCount + position)
            }
        }
    }

    /// Whether a step moves on to the next of the pages that are taken in turn.
    @inline(__always)
    private func movesOn(step: UInt64) -> Bool {
        switch workload {
        case .stress, .counter: true
        case .mixed: step & 3 == 3
        case .idle, .random, .hotset: false
        }
    }

    @inline(__always)
    private func advance(_ state: inout VCPUState) {
        if movesOn(step: state.stepCount) {
            state.position &+= 1
            if state.position == partPageCount { state.position = 0 }
        }
        state.stepCount &+= 1
        state.random.advance()
    }

    @inline(__always)
    private func apply(_ effect: Effect, bits: UInt64) {
        guard effect.action != .nothing else { return }
        let place = unsafe workingSet.place(ofPage: effect.page)
        switch effect.action {
        case .nothing: break
        case .rewrite: unsafe fill.rewriting(bits: bits).write(key: ~bits, to: place.address)
        case .countUp: unsafe Self.countUp(place.address, by: 1)
        }
        unsafe softwareLog?.markWritten(page: place.page, ofBlock: place.block)
    }

    /// Adds to eight numbers spread over a page.
    @unsafe
    private static func countUp(_ page: UnsafeMutableRawPointer, by count: UInt64) {
        let words = unsafe page.assumingMemoryBound(to: UInt64.self)
        for index in stride(from: 3, to: Page.byteCount / 8, by: Page.byteCount / 64) {
            unsafe words[index] = (UInt64(littleEndian: words[index]) &+ count).littleEndian
        }
    }

    /// Zipf's law with exponent 1 gives each octave of ranks (1, 2...3, 4...7, ...) about the same weight: an octave is
    /// chosen, then a rank in it. In integers, because both hosts must find the same page.
    @inline(__always)
    private func hotPage(_ bits: UInt64) -> Int {
        let octaves = Int.bitWidth - partPageCount.leadingZeroBitCount
        let octave = RandomSequence.scale(bits, below: octaves)
        let first = 1 << octave
        let width = min(first, partPageCount - first + 1)
        let rank = first - 1 + RandomSequence.scale(RandomSequence.mix(bits), below: width)
        // Hot pages lie apart. The factor is a prime larger than any page count, so no two ranks share a page.
        return Int(truncatingIfNeeded: UInt64(rank) &* 4_294_967_291 % UInt64(partPageCount))
    }
}

extension WorkloadProgram {
    /// The registers after `stepCount` steps.
    func state(after stepCount: UInt64) -> VCPUState {
        let moves: UInt64 =
            switch workload {
            case .stress, .counter: stepCount
            case .mixed: stepCount / 4
            case .idle, .random, .hotset: 0
            }
        return VCPUState(
            stepCount: stepCount, random: initialState.random.advanced(by: stepCount),
            position: Int(moves % UInt64(partPageCount)))
    }

    /// Brings memory and registers to where `stepCount` steps would have brought them, by executing, last first, only
    /// the steps whose page no later step rewrites. A run of minutes is repeated in a fraction of a second.
    func fastForward(_ state: inout VCPUState, to stepCount: UInt64) {
        precondition(stepCount >= state.stepCount)
        let end = self.state(after: stepCount)
        defer { state = end }
        guard workload != .idle else { return }
        if workload == .counter || workload == .mixed { countUpAll(from: state, to: end) }
        guard workload != .counter else { return }

        let rewritable = workload == .mixed ? 3 * partPageCount : partPageCount
        var rewritten = PageBitmap(pageCount: workingSet.pageCount)
        var step = end
        while step.stepCount > state.stepCount, rewritten.population < rewritable {
            retreat(&step)
            let bits = step.random.value
            let effect = effect(ofStep: step.stepCount, bits: bits, position: step.position)
            guard effect.action == .rewrite, rewritten.insert(effect.page..<effect.page + 1) == 1 else { continue }
            apply(effect, bits: bits)
        }
    }

    /// The reverse of `advance`.
    private func retreat(_ state: inout VCPUState) {
        state.stepCount -= 1
        state.random.state &-= RandomSequence.increment
        if movesOn(step: state.stepCount) {
            state.position = (state.position == 0 ? partPageCount : state.position) - 1
        }
    }

    /// Counts up each counter page as often as the steps between two states do, at once.
    private func countUpAll(from start: VCPUState, to end: VCPUState) {
        let (first, visits, base) =
            workload == .mixed
            ? (start.position, end.stepCount / 4 - start.stepCount / 4, 3 * partPageCount)
            : (start.position, end.stepCount - start.stepCount, 0)
        let (rounds, rest) = visits.quotientAndRemainder(dividingBy: UInt64(partPageCount))
        for page in 0..<partPageCount {
            let distance = page >= first ? page - first : page - first + partPageCount
            let count = rounds + (UInt64(distance) < rest ? 1 : 0)
            guard count > 0 else { continue }
            let place = unsafe workingSet.place(ofPage: base + page)
            unsafe Self.countUp(place.address, by: count)
            unsafe softwareLog?.markWritten(page: place.page, ofBlock: place.block)
        }
    }
}
