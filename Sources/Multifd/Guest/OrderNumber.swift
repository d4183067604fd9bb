import Synchronization

/// Changes with each order to a vCPU: what it looks at between two steps, without a lock. A box, because an array cannot
/// hold a noncopyable atomic.
final class OrderNumber: Sendable {
    private let number = Atomic<UInt64>(0)

    @inline(__always)
    var value: UInt64 { number.load(ordering: .relaxed) }

    func advance() { number.wrappingAdd(1, ordering: .relaxed) }
}
