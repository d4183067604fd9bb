import Glibc
import Multifd
import SystemPackage
import Testing

struct WorkerThreadTests {
    @Test func `it carries the first fifteen bytes of its name`() throws {
        let found = Condition("")
        let thread = WorkerThread(name: "mf-send-1234567890") {
            let name = (try? text(ofFile: "/proc/thread-self/comm")) ?? ""
            found.withLock { $0 = name }
        }
        thread.join()
        #expect(found.withLock { $0 } == "mf-send-1234567\n")
    }

    @Test func `joining waits for its end, and may be repeated`() {
        let isDone = Flag()
        let thread = WorkerThread(name: "worker") {
            usleep(1000)
            isDone.set()
        }
        thread.join()
        #expect(isDone.isSet)
        thread.join()
    }

    @Test func `its end is waited for when its owner goes`() {
        let isDone = Flag()
        var thread: WorkerThread? = WorkerThread(name: "worker") {
            usleep(1000)
            isDone.set()
        }
        withExtendedLifetime(thread) {}
        thread = nil
        #expect(isDone.isSet)
    }

    /// The last reference may be dropped by the thread itself, which cannot wait for its own end.
    @Test func `a thread may drop its own owner`() {
        let owner = Condition<WorkerThread?>(nil)
        let isGone = Condition(false)
        let started = WorkerThread(name: "worker") {
            let own = owner.wait { $0.take() }
            withExtendedLifetime(own) {}
            isGone.withLock { $0 = true }
        }
        owner.withLock { $0 = started }
        #expect(isGone.wait(until: .now + .seconds(60)) { $0 ? () : nil } != nil)
    }
}

/// The text of a small file, such as one under `/proc`.
func text(ofFile path: String) throws -> String {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = try unsafe bytes.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
}
