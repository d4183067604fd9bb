extension WorkloadConfiguration {
    /// What a description starts with.
    package static let prefix = "workload:"

    static let optionNames = "ram, vcpus, writers, working-set, rate, fill, image, blocks, seed"

    /// Parses `workload:NAME` and any options, separated by commas: `workload:stress,ram=2GiB,working-set=50MiB`.
    package init(parsing text: String) throws(WorkloadConfigurationError) {
        guard text.utf8.count <= Self.maximumByteCount else { throw .tooLong(byteCount: text.utf8.count) }
        guard text.hasPrefix(Self.prefix) else { throw .noWorkload(text) }
        let parts = text.dropFirst(Self.prefix.count).split(separator: ",", omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        guard let workload = Workload(rawValue: name) else { throw .unknownWorkload(name) }
        self.init(workload)

        var given: Set<String> = []
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let option = String(pair[0])
            let value = pair.count == 2 ? String(pair[1]) : ""
            try set(option, to: value)
            guard given.insert(option).inserted else { throw .repeatedOption(option) }
        }
        if imagePath != nil {
            for option in ["ram", "fill", "blocks"] where given.contains(option) { throw .optionWithImage(option) }
            ramByteCount = nil
        }
        try validate()
    }

    private mutating func set(_ option: String, to value: String) throws(WorkloadConfigurationError) {
        switch option {
        case "ram": ramByteCount = try Self.size(option, value).rawValue
        case "vcpus": vcpuCount = try Self.count(option, value, in: 1...64)
        case "writers": writerCount = try Self.count(option, value, in: 1...64)
        case "blocks": blockCount = try Self.count(option, value, in: 1...16)
        case "working-set": workingSet = try Self.size(option, value)
        case "rate": rate = try Self.rate(option, value)
        case "fill": fill = try Self.fill(value)
        case "image": imagePath = try Self.nonempty(option, value)
        case "seed":
            guard let seed = try UInt64(Self.nonempty(option, value)) else { throw .seed(value) }
            self.seed = seed
        default: throw .unknownOption(option)
        }
    }

    /// Checks what one value says against the others.
    private func validate() throws(WorkloadConfigurationError) {
        if let writerCount, writerCount > vcpuCount {
            throw .count(option: "writers", found: "\(writerCount)", 1...vcpuCount)
        }
        guard let ramByteCount else { return }
        guard ramByteCount > 0, ramByteCount % Page.byteCount == 0 else { throw .ramSize(byteCount: ramByteCount) }
        let pageCount = ramByteCount >> Page.shift
        guard pageCount >= blockCount else {
            throw .ramSmallerThanBlocks(byteCount: ramByteCount, blockCount: blockCount)
        }
        _ = try workingSetPages(ofPages: pageCount)
    }

    private static func nonempty(_ option: String, _ value: String) throws(WorkloadConfigurationError) -> String {
        guard !value.isEmpty else { throw .noValue(option: option) }
        return value
    }

    private static func size(_ option: String, _ value: String) throws(WorkloadConfigurationError) -> ByteCount {
        let value = try nonempty(option, value)
        do throws(QuantityError) {
            return try ByteCount(parsing: value)
        } catch {
            throw .quantity(option: option, error)
        }
    }

    private static func rate(_ option: String, _ value: String) throws(WorkloadConfigurationError) -> ByteRate {
        let value = try nonempty(option, value)
        let rate: ByteRate
        do throws(QuantityError) {
            rate = try ByteRate(parsing: value)
        } catch {
            throw .quantity(option: option, error)
        }
        guard rate.rawValue > 0 else { throw .zeroRate }
        return rate
    }

    private static func count(
        _ option: String, _ value: String, in range: ClosedRange<Int>
    ) throws(WorkloadConfigurationError) -> Int {
        let value = try nonempty(option, value)
        guard let count = Int(value), range.contains(count) else {
            throw .count(option: option, found: value, range)
        }
        return count
    }

    private static func fill(_ value: String) throws(WorkloadConfigurationError) -> GuestFill {
        switch try nonempty("fill", value) {
        case "mixed": return .mixed
        case "zero": return .zero
        case "random": return .random
        case "text": return .text
        default:
            let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "compressible" else { throw .unknownFill(value) }
            guard let share = Double(parts[1]), (0...1).contains(share) else {
                throw .compressibleShare(String(parts[1]))
            }
            return .compressible(share)
        }
    }
}
