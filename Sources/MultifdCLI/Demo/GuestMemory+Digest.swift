import Multifd

extension GuestMemory {
    /// The digest that the two ends of a migration compare, of memory that nobody writes, in hexadecimal.
    var digest: String {
        get throws(MemoryError) {
            try MemoryDigest(of: self).compute(content: blocks.map { [0..<$0.pageCount] }).hexadecimal
        }
    }
}
