import Dispatch
import Glibc

/// Turns ^C, SIGTERM and the end of the terminal into a call, until it is stopped. The process goes on, and ends when its
/// work has been wound up.
final class Interrupt {
    /// Without SIGHUP under nohup, whose point it is that it be ignored.
    private static let signals = [SIGINT, SIGTERM] + (isIgnored(SIGHUP) ? [] : [SIGHUP])
    private let sources: [any DispatchSourceSignal]

    init(_ onInterrupt: @escaping @Sendable () -> Void) {
        sources = Self.signals.map { signal in
            // Else the signal's own action ends the process before the source sees it.
            _ = Glibc.signal(signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
            source.setEventHandler(handler: onInterrupt)
            source.resume()
            return source
        }
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
        for source in sources { source.cancel() }
        for signal in Self.signals { _ = Glibc.signal(signal, SIG_DFL) }
    }

    /// Returns at the first of them.
    static func wait() async {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Void.self)
        let interrupt = Interrupt { continuation.finish() }
        for await _ in interrupts {}
        interrupt.stop()
    }
}
