extension MigrationInfo {
    /// When the guest will have moved; nil unless pages are being sent while it runs.
    ///
    /// With S bytes of RAM sent and D dirtied a second, iterations shrink by D/S, so that what is left shrinks by S - D a
    /// second, until it can be sent within the downtime limit.
    public var forecast: MigrationForecast? {
        guard status == .active else { return nil }
        let sent = ram.pagesPerSecond * ram.pageSize
        let dirtied = ram.dirtyPagesRate * ram.pageSize
        guard sent > 0 else { return .stalled }
        let limit = parameters?.downtimeLimit ?? .zero
        let affordable = min(Double(ram.remaining), limit.seconds * Double(sent))
        let excess = Double(ram.remaining) - affordable
        guard excess > 0 else { return .arrival(in: .seconds(affordable / Double(sent))) }
        guard dirtied < sent else { return .diverging(dirtied: dirtied, sent: sent) }
        return .arrival(in: .seconds(excess / Double(sent - dirtied) + affordable / Double(sent)))
    }

    /// Bytes that codecs were given, per byte that they made of them; nil before there are any. Zero pages do not count.
    public var compressionRatio: Double? {
        let bytesIn = codecs.values.reduce(0) { $0 + $1.bytesIn }
        let bytesOut = codecs.values.reduce(0) { $0 + $1.bytesOut }
        return bytesOut > 0 ? Double(bytesIn) / Double(bytesOut) : nil
    }

    /// Bytes of RAM that the guest dirtied after they had been sent, and that had to go again.
    public var bytesDirtiedAgain: Int {
        iterations.reduce(iterationsLeftOut?.bytesDirtied ?? 0) { $0 + $1.bytesDirtied }
    }
}
