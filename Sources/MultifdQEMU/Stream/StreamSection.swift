/// A RAM section: when it comes.
package enum StreamSection: UInt8 {
    case start = 1
    case part = 2
    case end = 3
}
