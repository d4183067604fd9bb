import Multifd

/// Follows one direction of a connection, and knows where in it the place of a fault is.
struct StreamTracker {
    private let place: Fault.Place
    private var bytes: [UInt8] = []
    /// Of the main channel: where the next message begins.
    private var nextMessage = Greeting.byteCount
    private var seen = 0

    init(_ place: Fault.Place) { self.place = place }

    /// Takes what came next.
    ///
    /// - Returns: the offset of the place from the first of these bytes, if it is known and lies among them or before.
    mutating func append(_ new: ArraySlice<UInt8>) -> Int? {
        let start = bytes.count
        bytes += new
        guard let offset = offset, offset <= bytes.count else { return nil }
        return max(0, offset - start)
    }

    private var offset: Int? {
        mutating get {
            let (kind, number, isAfter): (ControlMessage.Kind, Int, Bool)
            switch place {
            case .byte(let offset): return offset < bytes.count ? offset : nil
            case .before(let wanted, let count): (kind, number, isAfter) = (wanted, count, false)
            case .after(let wanted, let count): (kind, number, isAfter) = (wanted, count, true)
            }
            while bytes.count >= nextMessage + ControlMessage.headerByteCount {
                let start = nextMessage
                let length = bytes[start + 4..<start + 8].reduce(0) { $0 << 8 | Int($1) }
                let type = UInt16(bytes[start]) << 8 | UInt16(bytes[start + 1])
                let end = start + ControlMessage.headerByteCount + length
                if type == kind.rawValue, seen + 1 == number { return isAfter ? end : start }
                if type == kind.rawValue { seen += 1 }
                nextMessage = end
            }
            return nil
        }
    }
}
