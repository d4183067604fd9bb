import Foundation

/// A program that QEMU runs without any operating system: it writes a pattern over its RAM in a loop, checks on each pass
/// that every byte of the pass before is there, and reports on the serial port.
///
/// A page holds 1024 times the same word, made of the number of the pass and the page's address, so that a page that is
/// lost, old, or in another's place shows: to the program, which then reports `!`, and to whoever reads its memory.
enum PatternGuest {
    static let start: UInt32 = 2 << 20
    static let end: UInt32 = 34 << 20
    static let ramByteCount = 64 << 20
    private static let factor: UInt32 = 0x9e37_79b1

    /// The word that a page holds after a pass.
    static func word(pass: UInt32, address: UInt32) -> UInt32 { (pass &* factor) ^ address }

    /// The pass after which a page holds a word.
    static func pass(word: UInt32, address: UInt32) -> UInt32 {
        // The inverse modulo 2³², by Newton's iteration: each step doubles the number of right bits.
        var inverse = factor
        for _ in 0..<5 { inverse = inverse &* (2 &- factor &* inverse) }
        return (word ^ address) &* inverse
    }

    static let source = """
        .code32
        .text
        .global _start
        .align 4
            .long 0x1BADB002, 0, -0x1BADB002      # a multiboot header
        _start:
            mov $stack, %esp
            cld
            xor %ebp, %ebp                        # the pass
        pass:
            inc %ebp
            mov $\(start), %edi
        page:
            mov %edi, %ebx
            cmp $1, %ebp
            je write
            lea -1(%ebp), %eax
            imul $\(factor), %eax, %eax
            xor %ebx, %eax
            mov $1024, %ecx
            repe scasl
            jne wrong
            mov %ebx, %edi
        write:
            mov %ebp, %eax
            imul $\(factor), %eax, %eax
            xor %ebx, %eax
            mov $1024, %ecx
            rep stosl
            cmp $\(end), %edi
            jb page
            mov $'P', %al
            call put
            mov $8, %ecx
            mov %ebp, %ebx
        digit:
            rol $4, %ebx
            mov %bl, %al
            and $15, %al
            add $'0', %al
            cmp $'9', %al
            jbe last
            add $7, %al
        last:
            call put
            loop digit
            mov $10, %al
            call put
            jmp pass
        wrong:
            mov $'!', %al
            call put
        halt:
            hlt
            jmp halt
        put:
            mov $0x3f8, %dx
            out %al, %dx
            ret
        .bss
            .skip 4096
        stack:
        """

    /// Assembles the program. Returns the path of an executable for `-kernel`.
    static func assemble(in directory: String) throws -> String {
        let path = "\(directory)/pattern"
        try source.write(toFile: "\(path).s", atomically: true, encoding: .utf8)
        try run("as", "--32", "-o", "\(path).o", "\(path).s")
        try run("ld", "-m", "elf_i386", "-Ttext", "0x100000", "-o", "\(path).elf", "\(path).o")
        return "\(path).elf"
    }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw QEMUProcess.Failure("\(arguments[0]) failed") }
    }

    /// What is wrong with the pattern in a file of RAM, nil when every byte is right: pages before the program's cursor hold
    /// the word of its pass, those behind it that of the pass before, and one may be half written.
    static func defect(inRAM path: String) throws -> String? {
        let memory = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        return unsafe memory.withUnsafeBytes { bytes in
            defect { unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: Int($0), as: UInt32.self)) }
        }
    }

    private static func defect(_ word: (UInt32) -> UInt32) -> String? {
        let pass = pass(word: word(start), address: start)
        guard pass > 0, pass < 1 << 20 else { return "the first page holds no pass" }
        var isBehindCursor = false
        var mixed = 0
        for page in stride(from: start, to: end, by: 4096) {
            let new = Self.word(pass: pass, address: page)
            let old = pass == 1 ? 0 : Self.word(pass: pass - 1, address: page)
            let words = stride(from: page, to: page + 4096, by: 4).map(word)
            if !isBehindCursor, words.allSatisfy({ $0 == new }) { continue }
            if words.allSatisfy({ $0 == old }) {
                isBehindCursor = true
                continue
            }
            let count = words.prefix { $0 == new }.count
            guard !isBehindCursor, words[count...].allSatisfy({ $0 == old }) else {
                return "page \(String(page, radix: 16)) of pass \(pass) holds \(String(words[0], radix: 16))"
            }
            isBehindCursor = true
            mixed += 1
        }
        return mixed <= 1 ? nil : "\(mixed) pages are half written"
    }
}
