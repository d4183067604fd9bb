/// Why a guest that is coming cannot be run here.
enum WorkloadTargetError: Error, Equatable {
    /// The source sends an image.
    case image
    /// The source's guest is of another program, such as QEMU.
    case notBuiltIn(String)
    /// The source's guest runs something that this program does not know.
    case unknownWorkload(String, reason: String)
}

extension WorkloadTargetError: CustomStringConvertible {
    /// A sentence with what was expected, what was found and what to do.
    var description: String {
        switch self {
        case .image:
            "the destination is to run the guest (--run), but an image is sent, which has nothing to run: receive it with "
                + "--output FILE"
        case .notBuiltIn(let configuration):
            "the destination is to run the guest (--run), but runs built-in guests alone, and '\(configuration)' is none: "
                + "receive it with --snapshot DIRECTORY"
        case .unknownWorkload(let configuration, let reason):
            "the destination is to run the guest (--run), but cannot run '\(configuration)': \(reason)"
        }
    }
}
