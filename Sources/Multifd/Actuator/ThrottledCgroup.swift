import SystemPackage

/// Owns the CPU bandwidth of a cgroup: no other throttle changes it meanwhile, and it is as it was found once this goes, also
/// when this process is killed.
struct ThrottledCgroup: ~Copyable {
    private let paths: [String]
    /// One for each of ``paths``.
    private let files: [FileDescriptor]
    private let bandwidth: CgroupBandwidth
    private let guardian: ThrottleGuardian
    private var inForce: [String]

    init(path: String, cpuCount: Int) throws(ActuatorError) {
        let paths = try CgroupBandwidth.paths(ofCgroup: path)
        var files: [FileDescriptor] = []
        do throws(ActuatorError) {
            for path in paths { files.append(try Self.open(path)) }
            try Self.lock(files[0], ofCgroup: path)
            let bandwidth = try CgroupBandwidth(of: paths, cpuCount: cpuCount)
            guardian = try ThrottleGuardian(.write(bandwidth.original, to: files))
            self.bandwidth = bandwidth
        } catch {
            for file in files { try? file.close() }
            throw error
        }
        self.paths = paths
        self.files = files
        inForce = bandwidth.original
    }

    deinit {
        // A cgroup that has gone has nothing left to undo.
        for index in files.indices { try? write(bandwidth.original[index], at: index) }
        for file in files { try? file.close() }
    }

    /// Writes only what is not in force: with every write the kernel gives the cgroup a whole quota again.
    ///
    /// - Throws: ``ActuatorError`` when the cgroup has gone.
    mutating func set(_ percentage: ThrottlePercentage) throws(ActuatorError) {
        for (index, text) in bandwidth.texts(at: percentage).enumerated() where text != inForce[index] {
            try write(text, at: index)
            inForce[index] = text
        }
    }

    private func write(_ text: String, at index: Int) throws(ActuatorError) {
        do {
            _ = try files[index].writeAll(toAbsoluteOffset: 0, text.utf8)
        } catch {
            throw .file(path: paths[index], operation: "write '\(text)' to", error as? Errno ?? .ioError)
        }
    }

    /// Before anything is read that another throttle might have written. The guardian shares the open file, and with it the
    /// lock: it lasts until all is undone, whoever does it.
    private static func lock(_ file: FileDescriptor, ofCgroup path: String) throws(ActuatorError) {
        do {
            try KernelFile.lock(file)
        } catch {
            throw error == .wouldBlock ? .throttled(path: path) : .file(path: path, operation: "lock", error)
        }
    }

    private static func open(_ path: String) throws(ActuatorError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
        } catch {
            throw .file(path: path, operation: "open", error as? Errno ?? .ioError)
        }
    }
}
