import Dispatch
import Glibc

/// Turns ^C and SIGTERM into a call, for as long as it lives. The process goes on and ends when its work has been wound
/// up.
final class Interrupt {
    private let sources: [any DispatchSourceSignal]

    init(_ onInterrupt: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { signal in
            // Without this the signal's own action ends the process before the source sees it.
            Glibc.signal(signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
            source.setEventHandler(handler: onInterrupt)
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
    }
}
