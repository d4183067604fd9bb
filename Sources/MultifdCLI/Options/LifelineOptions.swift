import ArgumentParser
import Foundation
import Glibc

/// For processes that are not to outlive the one that started them: its end closes the pipe that is their standard input.
struct LifelineOptions: ParsableArguments {
    @Flag(help: ArgumentHelp("At the end of standard input do as at SIGTERM.", visibility: .hidden))
    var endWithInput = false

    /// Begins to watch, if that was asked for.
    func watch() {
        guard endWithInput else { return }
        Thread.detachNewThread {
            StandardInput.waitForEnd()
            kill(getpid(), SIGTERM)
        }
    }
}
