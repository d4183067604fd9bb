/// What is wrong with the text or the values that describe a built-in guest.
package enum WorkloadConfigurationError: Error, Equatable {
    case noWorkload(String)
    case unknownWorkload(String)
    case noValue(option: String)
    case unknownOption(String)
    case repeatedOption(String)
    case quantity(option: String, QuantityError)
    case count(option: String, found: String, ClosedRange<Int>)
    case ramSize(byteCount: Int)
    case ramSmallerThanBlocks(byteCount: Int, blockCount: Int)
    case workingSetTooLarge(byteCount: Int, ramByteCount: Int)
    case workingSetTooSmall(byteCount: Int, minimum: Int)
    case zeroRate
    case unknownFill(String)
    case compressibleShare(String)
    case seed(String)
    case optionWithImage(String)
    case tooLong(byteCount: Int)
}

extension WorkloadConfigurationError: CustomStringConvertible {
    /// A sentence with what was expected and what was found.
    package var description: String {
        switch self {
        case .noWorkload(let text):
            "'\(text)' is no built-in guest: give workload:NAME, such as workload:stress,ram=2GiB"
        case .unknownWorkload(let name):
            "there is no workload '\(name)': give one of "
                + Workload.allCases.map(\.rawValue).joined(separator: ", ")
        case .noValue(let option):
            "the workload's option '\(option)' has no value: write \(option)=VALUE"
        case .unknownOption(let option):
            "a workload has no option '\(option)': give any of " + WorkloadConfiguration.optionNames
        case .repeatedOption(let option):
            "the workload's option '\(option)' is given more than once"
        case .quantity(let option, let error):
            "the workload's \(option) is wrong: \(error)"
        case .count(let option, let found, let range):
            "the workload's \(option) is a number from \(range.lowerBound) to \(range.upperBound), not '\(found)'"
        case .ramSize(let byteCount):
            "the workload's ram is a positive multiple of the page size, \(Page.byteCount) bytes, not \(byteCount)"
        case .ramSmallerThanBlocks(let byteCount, let blockCount):
            "the workload's ram of \(byteCount) bytes is too small for \(blockCount) RAMBlocks of one page or more"
        case .workingSetTooLarge(let byteCount, let ramByteCount):
            "the workload's working-set of \(byteCount) bytes does not fit into its ram of \(ramByteCount)"
        case .workingSetTooSmall(let byteCount, let minimum):
            "the workload's working-set of \(byteCount) bytes is too small: with this workload and that many vCPUs it is "
                + "\(minimum) or more"
        case .zeroRate:
            "the workload's rate is zero: give a rate, leave it out for as fast as it goes, or use workload:idle"
        case .unknownFill(let fill):
            "the workload's fill is mixed, zero, random, text or compressible:SHARE, not '\(fill)'"
        case .compressibleShare(let share):
            "the share in the workload's fill=compressible:SHARE is a number from 0 to 1, not '\(share)'"
        case .seed(let seed):
            "the workload's seed is a whole number from 0 to 2^64 - 1, not '\(seed)'"
        case .optionWithImage(let option):
            "the workload's '\(option)' is decided by its image: leave out one of the two"
        case .tooLong(let byteCount):
            "the workload's description has \(byteCount) bytes, more than the \(WorkloadConfiguration.maximumByteCount) "
                + "that a guest's configuration may have: use a shorter path of its image"
        }
    }
}
