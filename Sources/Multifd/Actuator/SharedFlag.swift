import CLinux
import Glibc
import SystemPackage

/// Owns a flag that this process shares with the children it forks. What was stored last, a child sees even when this
/// process has been killed since; and storing neither waits for anyone nor fails, which a pipe does once it is full.
@safe
struct SharedFlag: ~Copyable, @unchecked Sendable {  // all access is atomic
    private let byte: UnsafeMutablePointer<UInt8>

    /// False at first.
    init() throws(Errno) {
        guard let byte = unsafe CLinux_map_shared_byte() else { throw Errno(rawValue: errno) }
        unsafe self.byte = byte
    }

    deinit { unsafe CLinux_unmap_shared_byte(byte) }

    func store(_ value: Bool) { unsafe CLinux_store_shared_byte(byte, value ? 1 : 0) }

    /// For a child, as long as this lives.
    var address: UnsafePointer<UInt8> { unsafe UnsafePointer(byte) }
}
