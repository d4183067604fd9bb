import Dispatch
import Glibc

/// Turns ^C and SIGTERM into a call, until it is stopped. The process goes on, and ends when its work has been wound up.
final class Interrupt {
    private static let signals = [SIGINT, SIGTERM]
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

    /// Gives the signals their own action back.
    func stop() {
        for source in sources { source.cancel() }
        for signal in Self.signals { _ = Glibc.signal(signal, SIG_DFL) }
    }

    /// Returns at the first ^C or SIGTERM.
    static func wait() async {
        let (interrupts, continuation) = AsyncStream.makeStream(of: Void.self)
        let interrupt = Interrupt { continuation.finish() }
        for await _ in interrupts {}
        interrupt.stop()
    }
}
