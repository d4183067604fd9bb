import Multifd

extension MigrationInfo {
    /// The name of a number that no migration has, which arithmetic could not bear.
    var nameOfImplausible: String? {
        nameOfImplausibleCount ?? nameOfImplausibleTime
    }

    private var nameOfImplausibleCount: String? {
        var counts: [(name: String, value: Int)] = [
            ("total", ram.total), ("dirty-sync-count", ram.dirtySyncCount),
        ]
        for iteration in iterations {
            counts += [
                ("pages", iteration.pages), ("normal", iteration.normal), ("duplicate", iteration.duplicate),
                ("transferred", iteration.transferred), ("bytes-dirtied", iteration.bytesDirtied),
                ("remaining", iteration.remaining),
            ]
        }
        if let leftOut = iterationsLeftOut { counts.append(("iterations-left-out", leftOut.count)) }
        for channel in channels { counts.append(("bytes-in", channel.bytesIn)) }
        return counts.first { !(0...1 << 50).contains($0.value) }?.name
    }

    private var nameOfImplausibleTime: String? {
        var times: [(name: String, value: Duration)] = [
            ("total-time", totalTime), ("setup-time", setupTime), ("downtime", downtime ?? .zero),
        ]
        for duration in iterations.map(\.duration) + [iterationsLeftOut?.duration ?? .zero] {
            times.append(("duration", duration))
        }
        for channel in channels {
            times += [("encoding-time", channel.encodingTime), ("writing-time", channel.writingTime)]
        }
        for decision in throttleDecisions { times.append(("time", decision.time)) }
        if let breakdown = downtimeBreakdown {
            times += [("final-sync", breakdown.finalSync), ("resume", breakdown.resume)]
        }
        return times.first { !(.zero ... .seconds(1_000_000_000)).contains($0.value) }?.name
    }
}
