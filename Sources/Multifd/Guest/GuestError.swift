package import SystemPackage

/// Why a built-in guest could not be made, restored or run.
package enum GuestError: Error, Equatable {
    /// A file that is to be an image could not be opened or examined.
    case image(path: String, operation: String, Errno)
    /// An image must be a regular file.
    case imageNotRegularFile(path: String, found: String)
    case imageEmpty(path: String)
    case imageSize(path: String, byteCount: Int)
    /// A guest of images needs at least one.
    case noImage
    /// RAM that arrived does not fit the configuration that arrived with it. Sizes in bytes.
    case memorySize(expected: Int, found: Int)
    case deviceStateSize(expected: Int, found: Int)
    case deviceStateMagic(UInt32)
    case deviceStateVersion(UInt16)
    case deviceStateVCPUCount(expected: Int, found: Int)
    /// The registers of a vCPU cannot come from this configuration.
    case deviceStateRegisters(vcpu: Int, register: String)
    /// Memory or registers can only be replaced while no vCPU runs.
    case running
    /// The guest's threads have ended.
    case shutDown
    /// The system gives no thread for a vCPU.
    case noThread(Errno)
    /// A guest cannot run backwards.
    case stepCountPassed(vcpu: Int, at: UInt64, wanted: UInt64)
    case stepCountOfVCPUs(expected: Int, found: Int)
}

extension GuestError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    package var description: String {
        switch self {
        case .image(let path, let operation, .tooManyOpenFiles):
            "cannot \(operation) the image '\(path)': \(Errno.tooManyOpenFiles); allow more descriptors (ulimit -n)"
        case .image(let path, let operation, let errno):
            "cannot \(operation) the image '\(path)': \(errno)"
        case .imageNotRegularFile(let path, let found):
            "the image '\(path)' is \(found): give a regular file with the raw content of RAM"
        case .imageEmpty(let path):
            "the image '\(path)' is empty: give a file of one page, \(Page.byteCount) bytes, or more"
        case .imageSize(let path, let byteCount):
            "the image '\(path)' has \(byteCount) bytes, which is no multiple of the page size, \(Page.byteCount): pad it "
                + "to \((byteCount / Page.byteCount + 1) * Page.byteCount) bytes"
        case .noImage:
            "a guest of images needs one image or more"
        case .memorySize(let expected, let found):
            "the guest's configuration says \(expected) bytes of RAM, but its RAMBlocks have \(found)"
        case .deviceStateSize(let expected, let found):
            "the device state has \(found) bytes where a workload's with that many vCPUs has \(expected)"
        case .deviceStateMagic(let found):
            "the device state starts with \(String(found, radix: 16)), not with the magic of a workload's: the guest is "
                + "another program"
        case .deviceStateVersion(let found):
            "the device state is of version \(found), this program reads version \(WorkloadDeviceState.version): use the "
                + "same program at both ends"
        case .deviceStateVCPUCount(let expected, let found):
            "the device state has \(found) vCPUs, the guest's configuration says \(expected)"
        case .deviceStateRegisters(let vcpu, let register):
            "the device state's \(register) of vCPU \(vcpu) cannot come from the guest's configuration"
        case .running:
            "the guest is running: pause it first"
        case .shutDown:
            "the guest is shut down and cannot run again"
        case .noThread(let errno):
            "no thread could be started for a vCPU: \(errno); raise the limit of processes (ulimit -u, pids.max)"
        case .stepCountPassed(let vcpu, let at, let wanted):
            "vCPU \(vcpu) is at step \(at) already and cannot go back to step \(wanted)"
        case .stepCountOfVCPUs(let expected, let found):
            "\(found) step counts were given for \(expected) vCPUs"
        }
    }
}
