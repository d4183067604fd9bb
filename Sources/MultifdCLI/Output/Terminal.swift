import Glibc
import SystemPackage

/// A descriptor that a person may be looking at.
struct Terminal: Sendable {
    private let descriptor: FileDescriptor

    static let output = Terminal(descriptor: .standardOutput)
    static let error = Terminal(descriptor: .standardError)

    /// False for files and pipes, and for terminals that cannot go back in a line.
    var isInteractive: Bool {
        isatty(descriptor.rawValue) == 1 && environment("TERM") != "dumb"
    }

    /// Characters in a line; 80 when the terminal does not tell.
    var width: Int {
        var size = winsize()
        guard unsafe ioctl(descriptor.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes over the line that the cursor is in.
    ///
    /// - Parameter isLast: whether it is to be written over the next time; otherwise the next text goes below it.
    func replaceLine(with text: String, isLast: Bool = true) {
        write("\r\(text)\u{1B}[K\(isLast ? "" : "\n")")
    }

    private func write(_ text: String) {
        _ = try? descriptor.writeAll(text.utf8)
    }

    private func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
