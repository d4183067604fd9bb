import Foundation
import Multifd
import TestProcesses
import Testing

@Suite(.serialized) struct ProcessThrottleTests {
    /// Other processes of the machine may take of what it got, and make it wait for a stop: hence one bound on what it got
    /// and one on what it would have got.
    @Test(arguments: [30, 60, 90]) func `a process gets the share that is left to it`(percentage: Int) throws {
        let process = try BusyProcess()
        let throttle = try ProcessThrottle(process: process.identifier)
        try throttle.setThrottle(ThrottlePercentage(clamping: percentage))
        let (used, wanted) = process.shares(within: 3)
        let asked = Double(100 - percentage) / 100
        #expect(used <= asked + 0.05)
        #expect(wanted >= asked - 0.05)
        throttle.release()
        #expect(process.state == "R")
    }

    @Test func `it runs on when the throttle is taken off, released or let go`() throws {
        let process = try BusyProcess()
        let full = ThrottlePercentage(clamping: 99)
        var throttle: ProcessThrottle? = try ProcessThrottle(process: process.identifier)
        for end in [{ try throttle?.setThrottle(.off) }, { throttle?.release() }] {
            try throttle?.setThrottle(full)
            // 10 ms of 1000 it runs: once stopped it stays so for long.
            #expect(process.reaches("T"))
            try end()
            #expect(process.reaches("R"))
        }
        throttle = try ProcessThrottle(process: process.identifier)
        try throttle?.setThrottle(full)
        #expect(process.reaches("T"))
        throttle = nil
        #expect(process.reaches("R"))
    }

    @Test func `a second throttle on a process is refused until the first is released`() throws {
        let process = try BusyProcess()
        let first = try ProcessThrottle(process: process.identifier)
        #expect(throws: ActuatorError.throttledProcess(process.identifier)) {
            try ProcessThrottle(process: process.identifier)
        }
        first.release()
        let second = try ProcessThrottle(process: process.identifier)
        try second.setThrottle(ThrottlePercentage(clamping: 99))
        #expect(process.reaches("T"))
    }

    @Test func `a process that somebody else has stopped stays stopped`() throws {
        let process = try BusyProcess()
        kill(process.identifier, SIGSTOP)
        #expect(process.reaches("T"))
        var throttle: ProcessThrottle? = try ProcessThrottle(process: process.identifier)
        try throttle?.setThrottle(ThrottlePercentage(clamping: 50))
        // As long as several cycles.
        usleep(200_000)
        #expect(process.state == "T")
        throttle?.release()
        throttle = nil
        #expect(process.state == "T")
    }

    @Test func `a stopped process is known as such whatever its name`() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let program = directory.appendingPathComponent("a) R\nb) R").path
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/bin/sh")
        let process = try BusyProcess(program: program)
        #expect(process.reaches("R"))
        kill(process.identifier, SIGSTOP)
        #expect(process.reaches("T"))
        let throttle = try ProcessThrottle(process: process.identifier)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        #expect(process.stays("T"))
        throttle.release()
    }

    /// What ends the main thread alone takes another language than the shell's.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
    func `a stopped process is known as such when its main thread has ended`() throws {
        let process = try BusyProcess(
            program: "/usr/bin/python3",
            script: """
                import ctypes, threading, time
                threading.Thread(target=time.sleep, args=(1000,)).start()
                ctypes.CDLL(None).pthread_exit(None)
                """)
        #expect(process.reaches("Z"))
        kill(process.identifier, SIGSTOP)
        for _ in 0..<10_000 where !process.threadStates.contains("T") { usleep(1000) }
        let throttle = try ProcessThrottle(process: process.identifier)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        for _ in 0..<20 {
            usleep(5000)
            #expect(process.threadStates.contains("T"))
        }
        throttle.release()
    }

    @Test func `what no signal stops is refused`() {
        #expect(throws: ActuatorError.unstoppable(1)) { try ProcessThrottle(process: 1) }
    }

    @Test func `the number of a thread is refused as such`() throws {
        // Of the process that runs the tests: it has more than one.
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap { Int32($0) }
        let thread = try #require(threads.first { $0 != getpid() })
        let error = #expect(throws: ActuatorError.self) { try ProcessThrottle(process: thread) }
        #expect(try #require(error).description.hasSuffix("(is it a thread's? give the number of its process)"))
    }

    /// Only where it is to be seen: in a container the kernel's threads are not.
    @Test(.enabled(if: (try? String(contentsOfFile: "/proc/2/comm", encoding: .utf8)) == "kthreadd\n"))
    func `a thread of the kernel is refused`() {
        #expect(throws: ActuatorError.unstoppable(2)) { try ProcessThrottle(process: 2) }
    }

    @Test func `a process that is let go on by the one who stopped it is slowed from then on`() throws {
        let process = try BusyProcess()
        kill(process.identifier, SIGSTOP)
        let throttle = try ProcessThrottle(process: process.identifier)
        try throttle.setThrottle(ThrottlePercentage(clamping: 99))
        usleep(50_000)
        kill(process.identifier, SIGCONT)
        #expect(process.reaches("R"))
        #expect(process.reaches("T"))
        throttle.release()
        #expect(process.reaches("R"))
    }

    @Test func `a process does not stop itself`() {
        #expect(throws: ActuatorError.ownProcess(getpid())) { try ProcessThrottle(process: getpid()) }
    }

    @Test func `a process that is not there is refused, and one that ends is told`() throws {
        let process = try BusyProcess()
        let throttle = try ProcessThrottle(process: process.identifier)
        try throttle.setThrottle(ThrottlePercentage(clamping: 50))
        #expect(!throttle.hasEnded)
        process.end()
        #expect(throttle.hasEnded)
        #expect(throws: ActuatorError.self) { try ProcessThrottle(process: process.identifier) }
        #expect(throws: ActuatorError.self) {
            for _ in 0..<10_000 {
                usleep(1000)
                try throttle.setThrottle(ThrottlePercentage(clamping: 50))
            }
        }
    }
}
