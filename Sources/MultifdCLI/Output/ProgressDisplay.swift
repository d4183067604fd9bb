import Multifd

/// Keeps the progress line on standard error up to date; silent when that is no terminal.
struct ProgressDisplay {
    private let terminal = Terminal.error
    /// See ``MigrationEnd/isReceiving``.
    let isReceiving: Bool

    /// Returns when the events end.
    func follow(_ events: AsyncStream<MigrationEvent>) async {
        let isShown = terminal.isInteractive
        var line = ProgressLine(isReceiving: isReceiving)
        for await event in events {
            guard isShown else { continue }
            if let notice = ProgressLine.notice(of: event) { terminal.replaceLine(with: notice, isLast: false) }
            // A terminal may be resized meanwhile. Its last column stays empty: some break the line there.
            let width = terminal.width - 1
            switch event {
            case .progress(let info): terminal.replaceLine(with: line.render(info, width: width))
            case .comparison(let share):
                terminal.replaceLine(with: ProgressLine.render(comparison: share, width: width))
            case .status, .iteration, .throttle: break
            }
        }
        if isShown { terminal.replaceLine(with: "") }
    }
}
