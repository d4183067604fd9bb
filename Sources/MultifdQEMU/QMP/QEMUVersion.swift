/// The version of a QEMU, as it tells it over QMP.
public struct QEMUVersion: Hashable, Comparable, Codable, Sendable {
    /// The first number.
    public var major: Int
    /// The second number.
    public var minor: Int
    /// The third number.
    public var micro: Int
    /// What a distribution adds.
    public var package: String

    /// A version by its numbers.
    public init(major: Int, minor: Int, micro: Int = 0, package: String = "") {
        self.major = major
        self.minor = minor
        self.micro = micro
        self.package = package
    }

    /// The `version` of a greeting; zeros for what it lacks.
    init(_ value: JSONValue?) {
        let numbers = value?["qemu"]
        self.init(
            major: numbers?["major"]?.integer ?? 0, minor: numbers?["minor"]?.integer ?? 0,
            micro: numbers?["micro"]?.integer ?? 0, package: value?["package"]?.string ?? "")
    }

    /// By number, whatever the package.
    public static func < (left: QEMUVersion, right: QEMUVersion) -> Bool {
        (left.major, left.minor, left.micro) < (right.major, right.minor, right.micro)
    }
}

extension QEMUVersion: CustomStringConvertible {
    /// `10.0.2`, and the package in parentheses.
    public var description: String {
        "\(major).\(minor).\(micro)" + (package.isEmpty ? "" : " (\(package))")
    }
}
