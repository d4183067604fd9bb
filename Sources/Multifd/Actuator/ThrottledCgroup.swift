import Glibc
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
    /// What the kernel answers to a write to the file of a cgroup that has been removed.
    private static let gone: [Errno] = [.operationNotSupportedByDevice, .noSuchFileOrDirectory]

    init(path: String, cpuCount: Int) throws(ActuatorError) {
        let paths = try CgroupBandwidth.paths(ofCgroup: path)
        var files: [FileDescriptor] = []
        do throws(ActuatorError) {
            for path in paths { files.append(try Self.open(path)) }
            try Self.lock(files[0], ofCgroup: path)
            let bandwidth = try CgroupBandwidth(of: paths, inCgroup: path, cpuCount: cpuCount)
            guardian = try ThrottleGuardian(.write(bandwidth.original, to: files))
            guardian.setInForce(true)
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
        for index in changed { try? write(bandwidth.original[index], at: index) }
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

    /// The files that hold something else than was found, as far as this has written it.
    private var changed: [Int] { inForce.indices.filter { inForce[$0] != bandwidth.original[$0] } }

    /// Writes back what was found, where it was changed, as far as the kernel takes it. What was not changed, the kernel may
    /// not take: the root cgroup's.
    ///
    /// - Throws: ``ActuatorError/unrestored(path:text:_:)`` for the first file of which it does not.
    mutating func restore() throws(ActuatorError) {
        var failure: ActuatorError?
        for index in changed {
            let text = bandwidth.original[index]
            do throws(ActuatorError) {
                try write(text, at: index)
                inForce[index] = text
            } catch {
                // A cgroup that has gone has nothing left to undo.
                guard case .file(let path, _, let errno) = error, !Self.gone.contains(errno) else { continue }
                failure = failure ?? .unrestored(path: path, text: text, errno)
            }
        }
        if let failure { throw failure }
    }

    /// Whether it has been removed: another at its path is another file.
    var isGone: Bool {
        var (own, found) = (stat(), stat())
        guard unsafe fstat(files[0].rawValue, &own) == 0, unsafe stat(paths[0], &found) == 0 else { return true }
        return own.st_ino != found.st_ino || own.st_dev != found.st_dev
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
