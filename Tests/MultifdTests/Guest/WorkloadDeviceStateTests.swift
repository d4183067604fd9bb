import Multifd
import Testing

/// What arrives from a peer in place of a device state.
struct WorkloadDeviceStateTests {
    private let guest: WorkloadGuest
    private let bytes: [UInt8]

    init() throws {
        guest = try WorkloadGuest(configuration: WorkloadGuestTests.configuration(.stress))
        try guest.run(toStepCounts: [1000, 2000])
        bytes = try guest.saveDeviceState()
    }

    @Test func `the layout is as documented`() {
        #expect(bytes.count == 8 + 2 * 24)
        #expect(bytes[..<8] == [0x4D, 0x46, 0x57, 0x47, 0, 1, 0, 2])
        #expect(bytes[8..<16] == [0, 0, 0, 0, 0, 0, 0x03, 0xE8])
        #expect(bytes[32..<40] == [0, 0, 0, 0, 0, 0, 0x07, 0xD0])
    }

    @Test func `it is read back`() throws {
        let other = try WorkloadGuest(configuration: WorkloadGuestTests.configuration(.stress))
        try other.loadDeviceState(bytes)
        #expect(other.stepCounts == [1000, 2000])
        #expect(try other.saveDeviceState() == bytes)
    }

    @Test(arguments: 0..<56)
    func `a truncated state is refused`(length: Int) {
        #expect(throws: GuestError.deviceStateSize(expected: 56, found: length)) {
            try guest.loadDeviceState(Array(bytes[..<length]))
        }
    }

    @Test func `surplus bytes are refused`() {
        #expect(throws: GuestError.deviceStateSize(expected: 56, found: 57)) { try guest.loadDeviceState(bytes + [0]) }
    }

    @Test(arguments: 0..<56)
    func `a changed byte is refused`(offset: Int) {
        var bytes = bytes
        bytes[offset] ^= 0x81
        #expect(throws: GuestError.self) { try guest.loadDeviceState(bytes) }
        #expect(guest.stepCounts == [1000, 2000])
    }

    @Test func `each check has its own error`() {
        func expect(_ error: GuestError, _ change: (inout [UInt8]) -> Void) {
            var bytes = bytes
            change(&bytes)
            #expect(throws: error) { try guest.loadDeviceState(bytes) }
        }
        expect(.deviceStateMagic(0x4D46_5748)) { $0[3] += 1 }
        expect(.deviceStateVersion(2)) { $0[5] = 2 }
        expect(.deviceStateVCPUCount(expected: 2, found: 65535)) { $0[6...7] = [0xFF, 0xFF] }
        expect(.deviceStateRegisters(vcpu: 1, register: "random state")) { $0[47] ^= 1 }
        expect(.deviceStateRegisters(vcpu: 1, register: "position")) { $0[48] = 0xFF }
    }
}
