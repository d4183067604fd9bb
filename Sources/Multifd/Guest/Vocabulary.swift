/// 256 words, written to a page eight at a time from 64 random bits.
@safe
final class Vocabulary: Sendable {
    static let english = Vocabulary(
        """
        the of and to in is you that it he was for on are as with his they at be this have from or one had by word but \
        not what all were we when your can said there use an each which she do how their if will up other about out many \
        then them these so some her would make like him into time has look two more write go see number no way could \
        people my than first water been call who oil its now find long down day did get come made may part over new sound \
        take only little work know place year live me back give most very after thing our just name good sentence man \
        think say great where help through much before line right too mean old any same tell boy follow came want show \
        also around form three small set put end does another well large must big even such because turn here why ask \
        went men read need land differ home us move try kind hand picture again change off play spell air away animal \
        house point page letter mother answer found study still learn should america world high every near add food \
        between own below country plant last school father keep tree never start city earth eye light thought head under \
        story saw left few while along might close seem next hard open example begin life always those both paper \
        together got group often run
        """)

    /// A word's first seven letters and spaces, as eight bytes in the order of memory.
    // Sendable although pointers: written once, here.
    private nonisolated(unsafe) let words: UnsafeMutablePointer<UInt64>
    private nonisolated(unsafe) let lengths: UnsafeMutablePointer<Int>
    private static let count = 256

    private init(_ text: String) {
        unsafe words = .allocate(capacity: Self.count)
        unsafe lengths = .allocate(capacity: Self.count)
        let list = text.split(separator: " ").map { Array($0.utf8.prefix(7)) + [UInt8(ascii: " ")] }
        for index in 0..<Self.count {
            let letters = list[index % list.count]
            let padded = letters + Array(repeating: UInt8(ascii: " "), count: 8 - letters.count)
            let word = padded.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            unsafe (words + index).initialize(to: word.littleEndian)
            unsafe (lengths + index).initialize(to: letters.count)
        }
    }

    // No deinit: the one vocabulary lives as long as the process.

    /// Fills a page with words. Each is stored as eight bytes and the next overlaps its padding.
    @unsafe
    func write(key: UInt64, to page: UnsafeMutableRawPointer) {
        // Locals, so that the compiler need not load them again after each store.
        let words = unsafe words
        let lengths = unsafe lengths
        var sequence = RandomSequence(state: key)
        var offset = 0
        // Eight words never take more than 64 bytes: no check for each.
        while offset <= Page.byteCount - 64 {
            var bits = sequence.value
            sequence.advance()
            for _ in 0..<8 {
                let index = Int(truncatingIfNeeded: bits & 0xFF)
                unsafe page.storeBytes(of: words[index], toByteOffset: offset, as: UInt64.self)
                offset &+= unsafe lengths[index]
                bits >>= 8
            }
        }
        while offset < Page.byteCount {
            let index = Int(truncatingIfNeeded: sequence.value & 0xFF)
            sequence.advance()
            let place = min(offset, Page.byteCount - 8)
            unsafe page.storeBytes(of: words[index], toByteOffset: place, as: UInt64.self)
            offset = place &+ max(unsafe lengths[index], offset &- place &+ 1)
        }
    }
}
