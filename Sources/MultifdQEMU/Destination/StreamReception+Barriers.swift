import Logging
import Multifd

/// What came before a barrier, on any channel or on the main connection, is applied before what comes after it, on any.
///
/// The k-th SYNC of every channel belongs to the k-th event on the main connection. Which records are such events
/// depends on the source's machine type, and shows at the start of RAM: barrier records (by round), or else the end of
/// each section, if there are channels at all.
extension StreamReception {
    /// How long channels may take to come after the first event: by then the source has connected them all.
    private static let grace = Duration.milliseconds(300)
    /// Far more sections without a page than any other source sends in a row.
    private static let standstill = 1000

    func passRoundBarrier() throws(MigrationError) {
        if barrierCount == 0, machine.syncMode == .none {
            guard try settle() > 0 else {
                throw .foreign(StreamError.noChannel)
            }
            machine.syncMode = .round
            machine.hints.append("its channels meet once a round: a machine type of QEMU 8.1 or later")
        }
        guard machine.syncMode == .round else {
            throw .foreign(
                StreamError.unexpected(what: "a barrier", expected: "the end of a section", found: "a record"))
        }
        try passBarrier(startsIteration: false, endsIteration: true)
    }

    func endSection(_ section: StreamSection) throws(MigrationError) {
        if section == .start, machine.syncMode == .none, try settle() > 0 {
            machine.syncMode = .section
            machine.hints.append("its channels meet after each section: a machine type of QEMU 8.0 or earlier")
        }
        // By section the stream does not say where QEMU begins another round, and without channels only pages do; but for
        // the last, for which the guest has been stopped.
        let isLast = section == .end
        switch machine.syncMode {
        case .round: break
        case .section: try passBarrier(startsIteration: isLast, endsIteration: isLast)
        case .none: try endPart(startsIteration: isLast, endsIteration: isLast)
        }
        if !acknowledgesSwitchover, machine.hasReturnPath { noteStandstill() }
    }

    /// One that has nothing left to send switches over at once, unless it waits for a word that it is not given.
    private func noteStandstill() {
        let pageCount = session.channels.reduce(counters.pages) { $0 + $1.pageCount }
        emptySections = (pageCount == emptySections.pageCount ? emptySections.count + 1 : 0, pageCount)
        guard emptySections.count == Self.standstill else { return }
        session.logger.warning(
            """
            the source has nothing left to send, and does not switch over: if its capability switchover-ack is on, receive it \
            with --switchover-ack
            """)
    }

    /// Without channels, a page that does not lie behind the one before it is the first of another round: QEMU goes through
    /// RAM in order, and comes back for what its guest has written since. The last section is one round, wherever it begins.
    func noteRound(of page: StreamPage) throws(MigrationError) {
        defer { lastPage = page }
        guard machine.syncMode == .none, decoder.state == .records(.part), let lastPage,
            (page.block, page.page) <= (lastPage.block, lastPage.page)
        else { return }
        try endPart(startsIteration: false, endsIteration: true)
    }

    private func endPart(startsIteration: Bool, endsIteration: Bool) throws(MigrationError) {
        let recorder = try intake.memory.recorder
        do {
            try recorder?.endPart(startsIteration: startsIteration, endsIteration: endsIteration)
        } catch {
            throw .memory(error)
        }
    }

    /// How many channels there are, from now on for certain.
    private func settle() throws(MigrationError) -> Int {
        if let count = options.multifdChannels { return try waitForChannels(count) }
        let end = MonotonicTime.now + Self.grace
        while MonotonicTime.now < end {
            try check()
            Patience.sleep(for: .milliseconds(10))
        }
        guard let count = try intake.barrier.settle() else {
            throw .foreign(StreamError.channelNumbers)
        }
        return count
    }

    private func waitForChannels(_ count: Int) throws(MigrationError) -> Int {
        let end = MonotonicTime.now + session.deadlines.handshake
        while !session.waitForChannels(count, until: .now + Patience.tick) {
            guard MonotonicTime.now < end else {
                throw .foreign(StreamError.missingChannels(found: session.channels.count, announced: count))
            }
            try check()
        }
        return count
    }

    /// - Parameters: see ``PageRecorder/endPart(startsIteration:endsIteration:)``.
    private func passBarrier(startsIteration: Bool, endsIteration: Bool) throws(MigrationError) {
        let barrier = try intake.barrier
        barrierCount += 1
        while true {
            switch barrier.wait(for: barrierCount, until: .now + Patience.tick) {
            case .allReached:
                session.update { $0.ram.iterationCount = Int(self.barrierCount) }
                try endPart(startsIteration: startsIteration, endsIteration: endsIteration)
                return barrier.open(barrierCount)
            case .lost(let channel):
                // Whether all is to end channels may see first, and go.
                try check()
                throw .foreign(StreamError.channelEnded(channel))
            case .failed(let error):
                throw error
            case nil:
                try check()
            }
        }
    }

    private func check() throws(MigrationError) {
        do { try session.patience.check(peer: connection.peer) } catch { throw .transport(error) }
    }
}
