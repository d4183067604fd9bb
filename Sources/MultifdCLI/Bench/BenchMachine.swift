import FoundationEssentials
import Glibc
import Multifd
import MultifdQEMU

/// Where and with what a benchmark ran.
package struct BenchMachine: Codable, Hashable, Sendable {
    package var processor = ""
    package var cores = 0
    /// In bytes.
    package var memory = 0
    package var kernel = ""
    /// Of this program.
    package var version = ""
    /// XXH3 of this program's file, which tells builds of one version apart.
    package var build = ""
    /// Of the libraries that encode, by their names.
    package var libraries: [String: String] = [:]
    package var date = ""

    package init() {}

    package static var current: BenchMachine {
        var machine = BenchMachine()
        machine.processor = value(of: "model name", in: "/proc/cpuinfo") ?? "unknown"
        machine.cores = Cores.count
        machine.memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        machine.kernel =
            (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8))?
            .trimmingSuffix(while: \.isWhitespace) ?? "unknown"
        machine.version = Version.description
        machine.build = (try? FileContent.hash(ofFile: "/proc/self/exe").hash) ?? "unknown"
        machine.libraries = CodecLibraries.versions
        machine.date = Date.now.formatted(.iso8601)
        return machine
    }

    private static func value(of name: String, in path: String) -> String? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        guard let value = line?.split(separator: ":", maxSplits: 1).last else { return nil }
        return String(value.drop(while: \.isWhitespace))
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, predicate(last) { text.removeLast() }
        return String(text)
    }
}
