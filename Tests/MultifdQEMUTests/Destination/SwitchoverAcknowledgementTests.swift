import Multifd
import MultifdQEMU
import Testing

/// A source with the capability switchover-ack iterates for ever when nobody answers it, and says of the capability nothing.
@Suite struct SwitchoverAcknowledgementTests {
    private static let acknowledgement = "0007 0000"

    /// One that has never heard of it fails when it hears it.
    @Test(arguments: [
        ("pc-i440fx-8.1", false, true), ("pc-q35-10.0", false, true), ("pc-i440fx-7.2", false, false),
        ("pc-i440fx-8.0", false, false), ("pc-i440fx-8.0", true, true), ("microvm", false, false),
        ("pc-q35-rhel9.4.0", false, false), ("pc-i440fx-jammy", false, false),
    ]) func `a source is answered when its version knows the answer, or when asked for`(
        machine: String, isAskedFor: Bool, isAnswered: Bool
    ) async throws {
        let directory = try ScratchDirectory()
        let answers = Answers()
        _ = try await receive(into: directory, acknowledgesSwitchover: isAskedFor) { source in
            var stream = StreamBytes()
            stream.begin(machine: machine)
            stream.command(1)
            stream.command(2, [0, 0, 0, 9])
            stream.startRAM([("m", 4096)])
            stream.endSection()
            stream.endRAM()
            stream.deviceState()
            try source.send(stream)
            answers.set(try source.receive(isAnswered ? 20 : 16))
        }.get()
        let answer = isAnswered ? Self.acknowledgement : ""
        #expect(answers.bytes == hexadecimal("\(answer) 0002 0004 00000009 0001 0004 00000000"))
    }

    @Test(arguments: [true, false]) func `of one that waits for an answer and is not given it, people learn`(
        isIdle: Bool
    ) async throws {
        let directory = try ScratchDirectory()
        let log = CollectedLog()
        _ = try await receive(into: directory, logger: log.logger) { source in
            var stream = StreamBytes.guest(machine: "pc-i440fx-7.2", returnPath: true)
            for _ in 0..<1100 {
                stream.part()
                if !isIdle { stream.zeroPage("m", 0) }
                stream.endSection()
            }
            stream.endRAM()
            stream.deviceState()
            try source.send(stream)
            _ = try source.receive(8)
        }.get()
        #expect(log.lines.contains { $0.contains("receive it with --switchover-ack") } == isIdle)
    }

    @Test func `a source without a return path is not answered`() async throws {
        let directory = try ScratchDirectory()
        let answers = Answers()
        _ = try await receive(into: directory) { source in
            var stream = StreamBytes()
            stream.begin()
            stream.startRAM([("m", 4096)])
            try source.send(stream)
            answers.set(try source.receiveWhatThereIs())
        }
        #expect(answers.bytes.isEmpty)
    }
}
