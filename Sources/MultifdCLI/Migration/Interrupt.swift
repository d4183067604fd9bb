import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// Turns ^C, SIGTERM and the end of the terminal into a call, until it is stopped. The process goes on, and ends when its
/// work has been wound up. There is one at a time.
///
/// A handler of C writes to a pipe: dispatch's own source for signals begins to listen somewhat later than it says, and a
/// signal that comes before is lost.
final class Interrupt {
    /// Without SIGHUP under nohup, whose point it is that it be ignored.
    private static let signals = [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP])
    private let source: any DispatchSourceRead

    init(_ onInterrupt: @escaping @Sendable () -> Void) throws(InterruptError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw InterruptError(errno: Errno(rawValue: errno)) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let (output, input) = (ends[0], ends[1])
        source = DispatchSource.makeReadSource(fileDescriptor: output, queue: .global())
        source.setEventHandler {
            var byte: UInt8 = 0
            while unsafe read(output, &byte, 1) > 0 {}
            onInterrupt()
        }
        source.setCancelHandler {
            close(output)
            close(input)
        }
        source.resume()
        interruptInput.store(input, ordering: .relaxed)
        Self.unblock()
        for signal in Self.signals {
            _ = Glibc.signal(signal) { _ in
                // Only what a handler may do: no allocation, no lock, errno as it was.
                let error = errno
                var byte: UInt8 = 1
                _ = unsafe write(interruptInput.load(ordering: .relaxed), &byte, 1)
                errno = error
            }
        }
    }

    /// A process inherits which signals are blocked from the thread that starts it: for one of dispatch's, all of these.
    private static func unblock() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        unsafe sigaction(signal, nil, &action)
        // Handlers can only be compared as the numbers that they are in C.
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Gives the signals their own action back.
    func stop() {
        for signal in Self.signals { _ = Glibc.signal(signal, SIG_DFL) }
        source.cancel()
    }

    /// Returns at the first of them. Where they cannot be watched for, they end the process.
    static func wait() async {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Void.self)
        let interrupt = try? Interrupt { continuation.finish() }
        for await _ in interrupts {}
        interrupt?.stop()
    }
}

/// Where a handler writes to.
private let interruptInput = Atomic<Int32>(-1)
