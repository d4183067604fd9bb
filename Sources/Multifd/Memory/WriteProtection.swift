import CLinux
import Glibc
import SystemPackage

/// Owns a userfaultfd in asynchronous write-protect mode: the kernel lets each first write to a protected page pass and
/// remembers it, without a signal or a handler. Closing it takes the protection off.
struct WriteProtection: ~Copyable {
    private let descriptor: FileDescriptor

    init() throws(DirtyLogError) {
        let number = CLinux_userfaultfd()
        guard number >= 0 else { throw .userfaultfdRefused(Errno(rawValue: errno)) }
        guard CLinux_userfaultfd_enable(number, CLinux_UFFD_ASYNC_WRITE_PROTECT) == 0 else {
            close(number)
            throw .asynchronousWriteProtectMissing(kernelRelease: Self.kernelRelease)
        }
        descriptor = FileDescriptor(rawValue: number)
    }

    deinit {
        try? descriptor.close()
    }

    /// Registers a block. Its pages count as written until a scan protects them.
    func register(_ block: RAMBlock) throws(Errno) {
        let start = unsafe UInt64(UInt(bitPattern: block.start))
        let code = CLinux_userfaultfd_register(
            descriptor.rawValue, CLinux_UFFD_WRITE_PROTECT, start, UInt64(block.byteCount))
        guard code == 0 else { throw Errno(rawValue: errno) }
    }

    /// Takes the protection off a block. A block that was never registered stays as it is.
    func unregister(_ block: RAMBlock) {
        let start = unsafe UInt64(UInt(bitPattern: block.start))
        _ = CLinux_userfaultfd_unregister(descriptor.rawValue, start, UInt64(block.byteCount))
    }

    /// Such as `6.1.0-18-amd64`.
    static var kernelRelease: String {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return "of unknown release" }
        // Safe: the kernel ends the field with a zero byte.
        return unsafe withUnsafeBytes(of: &names.release) { field in
            unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
