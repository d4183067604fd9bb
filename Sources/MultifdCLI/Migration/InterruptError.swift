import SystemPackage

/// Why signals cannot be watched for.
struct InterruptError: Error {
    let errno: Errno
}

extension InterruptError: CustomStringConvertible {
    var description: String { "cannot prepare for ^C: \(errno); allow more descriptors (ulimit -n)" }
}
