/// The registers of one vCPU of a built-in guest: all that its program depends on besides memory.
package struct VCPUState: Equatable, Sendable {
    /// Steps executed so far: the program counter.
    package var stepCount: UInt64 = 0
    /// From which the next step takes its random bits.
    var random: RandomSequence
    /// The page that the next step of a workload that takes pages in turn writes to.
    var position = 0
}
