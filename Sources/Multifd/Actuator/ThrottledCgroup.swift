import SystemPackage

/// Owns the CPU bandwidth of a cgroup: it is as it was found once this goes, also when this process is killed.
struct ThrottledCgroup: ~Copyable {
    private let bandwidth: CgroupBandwidth
    private let file: FileDescriptor
    private let guardian: ThrottleGuardian
    private var inForce: String

    init(path: String, cpuCount: Int) throws(ActuatorError) {
        let bandwidth = try CgroupBandwidth(ofCgroup: path, cpuCount: cpuCount)
        let file: FileDescriptor
        do throws(Errno) {
            file = try Self.open(bandwidth.path)
        } catch {
            throw .file(path: bandwidth.path, operation: "open", error)
        }
        do throws(ActuatorError) {
            guardian = try ThrottleGuardian(.write(Array(bandwidth.original.utf8), to: file))
        } catch {
            try? file.close()
            throw error
        }
        self.bandwidth = bandwidth
        self.file = file
        inForce = bandwidth.original
    }

    deinit {
        // A cgroup that has gone has nothing left to undo.
        try? write(bandwidth.original)
        try? file.close()
    }

    /// Writes only what is not in force: with every write the kernel gives the cgroup a whole quota again.
    ///
    /// - Throws: ``ActuatorError`` when the cgroup has gone.
    mutating func set(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        let text = percentage == .off ? bandwidth.original : bandwidth.text(at: percentage)
        guard text != inForce else { return }
        try write(text)
        inForce = text
    }

    private func write(_ text: String) throws(ActuatorError) {
        do {
            _ = try file.writeAll(toAbsoluteOffset: 0, text.utf8)
        } catch {
            throw .file(path: bandwidth.path, operation: "write '\(text)' to", error as? Errno ?? .ioError)
        }
    }

    private static func open(_ path: String) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        } catch {
            throw error as? Errno ?? .ioError
        }
    }
}
