/// A built-in guest: its RAM, its vCPUs and what they do.
///
/// Both ends of a migration build the same guest from the same description.
package struct WorkloadConfiguration: Equatable, Sendable {
    package var workload: Workload
    /// Bytes in all RAMBlocks. Of a guest with an image: that of the image, unknown here, nil.
    package var ramByteCount: Int?
    /// RAMBlocks of about equal size, 1 to 16.
    package var blockCount = 1
    /// 1 to 64.
    package var vcpuCount = 2
    /// How many of the vCPUs write, 1 to all of them; the others idle. Nil is all.
    package var writerCount: Int?
    /// Bytes that the vCPUs write to, of the whole guest. Nil is an eighth of the RAM.
    package var workingSet: ByteCount?
    /// Bytes of pages written per second of running time, of the whole guest. Nil is as fast as it goes.
    package var rate: ByteRate?
    package var fill = GuestFill.mixed
    /// A raw image that holds the RAM's initial content. The guest's writes never reach it.
    package var imagePath: String?
    /// Two guests with different seeds have nothing in common but zero pages.
    package var seed: UInt64 = 1

    package init(_ workload: Workload, ramByteCount: Int = 1 << 30) {
        self.workload = workload
        self.ramByteCount = ramByteCount
    }

    /// The most bytes of text that describe a guest to the destination.
    static let maximumByteCount = 4096

    /// What a vCPU does.
    func workload(ofVCPU vcpu: Int) -> Workload { vcpu < writers ? workload : .idle }

    /// vCPUs that write: the first.
    package var writers: Int { writerCount ?? vcpuCount }

    /// Finds out where the working set lies in a RAM of `pageCount` pages, in its middle, and each vCPU's part of it.
    func workingSetPages(ofPages pageCount: Int) throws(WorkloadConfigurationError) -> [Range<Int>] {
        // A mixed workload has four parts, none empty.
        let minimum = writers * (workload == .mixed ? 4 : 1)
        let wanted =
            if let workingSet {
                workingSet.rawValue / Page.byteCount + (workingSet.rawValue % Page.byteCount == 0 ? 0 : 1)
            } else {
                max(pageCount / 8, minimum)
            }
        guard wanted <= pageCount else {
            throw .workingSetTooLarge(
                byteCount: workingSet?.rawValue ?? wanted << Page.shift, ramByteCount: pageCount << Page.shift)
        }
        guard wanted >= minimum else {
            throw .workingSetTooSmall(
                byteCount: workingSet?.rawValue ?? wanted << Page.shift, minimum: minimum << Page.shift)
        }
        let start = (pageCount - wanted) / 2
        return (0..<vcpuCount).map { vcpu in
            start + wanted * min(vcpu, writers) / writers..<start + wanted * min(vcpu + 1, writers) / writers
        }
    }
}

extension WorkloadConfiguration: CustomStringConvertible {
    /// The text that parses back to this configuration, with nothing left to defaults that another version might have
    /// differently.
    package var description: String {
        var options: [String] = []
        if let imagePath {
            options.append("image=\(imagePath)")
        } else if let ramByteCount {
            options += ["ram=\(ByteCount(rawValue: ramByteCount))", "fill=\(fill)"]
            if blockCount != 1 { options.append("blocks=\(blockCount)") }
        }
        options.append("vcpus=\(vcpuCount)")
        if let writerCount { options.append("writers=\(writerCount)") }
        if let workingSet { options.append("working-set=\(workingSet)") }
        if let rate { options.append("rate=\(rate)") }
        options.append("seed=\(seed)")
        return "workload:\(workload.rawValue)," + options.joined(separator: ",")
    }
}
