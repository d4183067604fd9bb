/// The version of the command.
enum Version {
    static let description = "0.1.0"
}
