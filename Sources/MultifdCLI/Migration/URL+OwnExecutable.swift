package import Foundation

extension URL {
    /// This program, to be run again as the other end.
    package static let ownExecutable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
}
